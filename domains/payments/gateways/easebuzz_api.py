"""How Easebuzz is spoken to: forms signed with SHA-512, and answers whose ``status`` says whether it did it."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

from domains.payments.gateways.calling import NoSense, Refused, call, object_in

# Both sides sign these, in this order, the provider's answers backwards; one that is not sent is signed as nothing.
SIGNED: Final = (
    *("key", "txnid", "amount", "productinfo", "firstname", "email"),
    *(f"udf{number}" for number in range(1, 11)),
)
# With any other status the call may go on, or something between us gave it up.
_ITS_WORD: Final = (200, 400, 404, 422)
_ABSENT: Final = re.compile(r"not found|not exist|no (such |matching )?(transaction|refund|record|data)", re.IGNORECASE)
# That it was asked for before is no word of what became of that.
_REPEATED: Final = re.compile(r"duplicate|already (exist|used|process|initiat|in progress)", re.IGNORECASE)
# A refusal of our access, or of the moment, is none of the order.
_OURS: Final = re.compile(r"hash|\bkey\b|\bsalt\b|auth|permi|try again|later|timed? ?out", re.IGNORECASE)


class RefusedInWords(Refused):
    """It says why in words only. ``repeated``: that the same came before."""

    def __init__(self, reason: str) -> None:
        absent = _ABSENT.search(reason) is not None
        code = re.sub(r"[^\w .:/-]", " ", reason)[:150].strip() or "refused"
        super().__init__(reason, code=code, definitive=not absent and _OURS.search(reason) is None, absent=absent)
        self.repeated = _REPEATED.search(reason) is not None


def hash_of(*values: str) -> str:
    """What both sides make of values and the salt between them.

    JSON can write half of a sign, which is no text: such a value has a hash, too, that nobody else makes.
    """
    return hashlib.sha512("|".join(values).encode(errors="surrogatepass")).hexdigest()


def ask(url: str, path: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Its answer, if it did what the form asks for. Raises RefusedInWords, NoAnswer, NoSense."""
    response = call("POST", url, path, data=dict(form), headers={"Accept": "application/json"})
    if response.status_code not in _ITS_WORD:
        raise NoSense(f"answered {response.status_code}")
    answer = object_in(response)
    if str(answer.get("status")).lower() in ("1", "true"):
        return answer
    said = (answer.get(name) for name in ("error_desc", "reason", "msg", "message", "error", "data"))
    raise RefusedInWords(next((each for each in said if isinstance(each, str) and each), "no reason"))


def attempts_at(txnid: str) -> list[dict[str, Any]]:
    """What payers tried under a txnid, oldest first; nothing where it is unknown. Raises Refused, NoAnswer, NoSense."""
    key = settings.EASEBUZZ_KEY
    form = {"key": key, "txnid": txnid, "hash": hash_of(key, txnid, settings.EASEBUZZ_SALT)}
    try:
        told = ask(settings.EASEBUZZ_DASHBOARD_URL, "/transaction/v2.1/retrieve", form).get("msg")
    except Refused as refusal:
        if refusal.absent:
            return []
        raise
    things: list[Any] = told if isinstance(told, list) else [told]
    if not all(isinstance(thing, dict) for thing in things):
        raise NoSense("an answer without its transactions")
    return [thing for thing in things if thing.get("txnid") == txnid]


def refunds_of(easepayid: str) -> list[dict[str, Any]]:
    """The refunds of one payment, each with the payment's ``txnid`` and ``easebuzz_id``. Raises as ``attempts_at``."""
    key = settings.EASEBUZZ_KEY
    form = {"key": key, "easebuzz_id": easepayid, "hash": hash_of(key, easepayid, settings.EASEBUZZ_SALT)}
    try:
        answer = ask(settings.EASEBUZZ_DASHBOARD_URL, "/refund/v1/retrieve", form)
    except Refused as refusal:
        if refusal.absent:
            return []
        raise
    things = answer.get("refunds")
    if not isinstance(things, list) or not all(isinstance(thing, dict) for thing in things):
        raise NoSense("an answer without its refunds")
    of = {"txnid": answer.get("txnid"), "easebuzz_id": easepayid}
    return [{**thing, **of} for thing in things]
