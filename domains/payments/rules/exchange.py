"""Changing money into another currency: what it is worth, how long a quote is good."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from kelmah.errors import Conflict, Unavailable, Unprocessable
from kelmah.money import EXPONENTS, Money

QUOTE_LASTS: Final = timedelta(seconds=60)
QUOTES_KEPT: Final = timedelta(days=1)  # those that were not accepted
RATE_LASTS: Final = timedelta(hours=72)  # central banks publish on working days
LARGEST_JUMP: Final = Fraction(1, 5)  # of a rate, against the one before: more is likely a slip of the pen
_WHOLE: Final = 10_000  # basis points


class RateMissing(Unavailable):
    """There is none, or it is too old to be sold at."""

    code, title = "exchange_rate_missing", "There is no rate for this at the moment: try again later"


class RateImplausible(Unprocessable):
    code, title = "exchange_rate_implausible", "The rate is far from the one before"


class SameCurrency(Unprocessable):
    code, title = "same_currency", "Choose another currency to buy"


class QuoteExpired(Conflict):
    code, title = "quote_expired", "This quote has expired: ask for a new one"


def exchanged(sold: Money, *, into: str, rate: Fraction, margin: int) -> Money:
    """What ``sold`` buys, rounded down. ``rate``: whole units of ``into`` for one whole unit; ``margin``: what the
    platform keeps, in basis points."""
    units = Fraction(sold.minor, 10 ** EXPONENTS[sold.currency]) * rate * Fraction(_WHOLE - margin, _WHOLE)
    return Money(int(units * 10 ** EXPONENTS[into]), into)


def cross_rate(*, sold: Decimal, bought: Decimal) -> Fraction:
    """Units of the bought currency for one of the sold, both told in units for one of the base currency."""
    return Fraction(bought) / Fraction(sold)


def jumps(*, before: Decimal, now: Decimal) -> bool:
    """Whether a rate is too far from the one before to be believed unseen."""
    return abs(Fraction(now) / Fraction(before) - 1) > LARGEST_JUMP
