"""Where people are paid to: who may be paid, from when, how much."""

import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from kelmah.errors import Conflict, Unprocessable
from kelmah.money import EXPONENTS, Money
from kelmah.transitions import StateTable, Transition

COOL_DOWN: Final = timedelta(hours=24)  # after a new method: time for its owner to hear of it and to object
MOST_METHODS: Final = 10  # of one person, at a time
COUNTED_FOR: Final = timedelta(days=30)  # how far back payouts count towards the limit of the unverified
PAYOUT_RIGHT: Final = "payments.request_payout"  # from whom a restriction takes it is not paid meanwhile
LEVEL: Final = 1  # of verification, for whoever takes out more than that

# What somebody may take out in thirty days without having shown who they are, in whole units.
_UNVERIFIED: Final[Mapping[str, int]] = {
    "EUR": 400,
    "GBP": 350,
    "GHS": 5_000,
    "JPY": 60_000,
    "KES": 50_000,
    "KWD": 120,
    "NGN": 600_000,
    "USD": 400,
}
_OF_ANY_OTHER: Final = 400

_TITLES: Final = frozenset(["mr", "mrs", "ms", "miss", "mme", "dr", "prof", "rev", "chief", "alhaji", "hajia"])

METHOD = StateTable(
    "payout method",
    [
        Transition("confirm", "checking", "active", "gateway", guard="the holder's name fits, or nobody can say it"),
        Transition("question", "checking", "in_review", "gateway", guard="the holder has another name"),
        Transition("accept", "checking", "active", "staff", guard="the provider does not answer"),
        Transition("accept", "in_review", "active", "staff"),
        Transition("refuse", "in_review", "refused", "staff"),
        *(Transition("remove", state, "removed", "owner") for state in ("checking", "in_review", "active")),
    ],
    initial="checking",
    final=("refused", "removed"),
)


class MethodNeeded(Unprocessable):
    code, title = "payout_method_needed", "Real money goes to a payout method of yours only: add one first"


class MethodKnown(Conflict):
    code, title = "payout_method_known", "You have this payout method already"


class TooManyMethods(Conflict):
    code, title = "too_many_payout_methods", "Remove a payout method before you add another one"


class MethodInUse(Conflict):
    code, title = "payout_method_in_use", "A payout to it is on its way: wait for its outcome"


def unverified_limit(currency: str) -> Money:
    """What somebody whom nobody verified may take out in thirty days."""
    return Money(_UNVERIFIED.get(currency, _OF_ANY_OTHER) * 10 ** EXPONENTS[currency], currency)


def names_fit(ours: str, theirs: str) -> bool:
    """Whether an account of ``theirs`` may be that of ``ours``: all words of the shorter name are in the longer one,
    in any order, two of them at least. Titles, accents and case don't count."""
    one, other = sorted((_words(ours), _words(theirs)), key=len)
    return one <= other and (len(one) >= 2 or (bool(one) and one == other))


def hint_of(destination: str) -> str:
    """By which its owner knows it again: the last four letters and digits."""
    signs = [sign for sign in destination if sign.isalnum()]
    return "…" + "".join(signs[-4:] if len(signs) > 4 else signs[-1:])


# Private functions


def _words(name: str) -> frozenset[str]:
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    parted = "".join(sign if sign.isalpha() or sign in "'’" else " " for sign in plain.casefold())
    return frozenset(parted.replace("'", "").replace("’", "").split()) - _TITLES
