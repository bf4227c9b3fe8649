"""A day at PayPal, from its search of transactions, and the balances that go with it.

Codes: https://developer.paypal.com/docs/transaction-search/transaction-event-codes/
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from domains.payments.gateways.base import StatementLine
from domains.payments.gateways.calling import NoSense
from domains.payments.gateways.paypal_answers import amount_in, key_named, text
from domains.payments.gateways.paypal_api import RefusedInDetail, ask, every
from kelmah import clock
from kelmah.money import EXPONENTS, Money

_SEARCH: Final = "/v1/reporting/transactions"
_STEP: Final = timedelta(seconds=1)  # PayPal's moments are whole seconds
_PAYOUTS: Final = frozenset({"T0001", "T1114", "T1115"})
_DISPUTES: Final = frozenset({"T1106", "T1201", "T1202", "T1205", "T1207", "T1208"})
_FEES: Final = frozenset({"T1108", "T1109"})
# What is held or set free stays ours: authorizations, holds and reserves are no movement of the whole balance.
_HOLDS: Final = frozenset({"T1105", "T1110", "T1111"})
_GROUPS_OF_HOLDS: Final = frozenset({"T13", "T15", "T21"})


def lines_of(day: date) -> list[StatementLine]:
    """Oldest first. Raises Refused, NoAnswer, NoSense; also while PayPal doesn't know the whole of a past day."""
    start = datetime.combine(day, time(), tzinfo=UTC)
    end = start + timedelta(days=1)
    _check_known_until(end)
    found = _transactions(start, end - _STEP)
    lines = [_line(each.get("transaction_info") or {}) for each in found if not _is_hold(each)]
    return sorted(lines, key=lambda line: (line.occurred_at, line.line_id))


def balances() -> list[Money]:
    """Available and withheld together. Raises Refused, NoAnswer, NoSense."""
    told = ask("GET", "/v1/reporting/balances", params={"currency_code": "ALL"}).get("balances")
    if not isinstance(told, list):
        raise NoSense("an answer without its balances")
    return [amount_in(each, "total_balance") for each in told if each.get("currency") in EXPONENTS]


# Private functions


def _transactions(start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Of both moments and between them. To one question PayPal tells of some thousands at most: each half is asked for
    then, down to a second."""
    wanted = {"fields": "transaction_info", "page_size": 500, "transaction_status": "S"}
    try:
        return list(every(_SEARCH, "transaction_details", params=_span(start, end) | wanted))
    except RefusedInDetail as refusal:
        if refusal.name != "RESULTSET_TOO_LARGE" or end <= start:
            raise
    middle = start + (end - start) // (2 * _STEP) * _STEP
    return _transactions(start, middle) + _transactions(middle + _STEP, end)


def _span(start: datetime, end: datetime) -> dict[str, Any]:
    return {"start_date": start.isoformat(), "end_date": end.isoformat()}


def _check_known_until(end: datetime) -> None:
    """Its search lags by hours: a past day is whole once it is refreshed beyond its end."""
    if end > clock.now():
        return
    # Whatever is asked for, it says until when it knows all; of a whole day there may be too many to ask for.
    last_minute = _span(end - timedelta(minutes=1), end - _STEP)
    told = ask("GET", _SEARCH, params=last_minute | {"page_size": 1}).get("last_refreshed_datetime")
    if told and datetime.fromisoformat(str(told)) < end:
        raise NoSense(f"the day is known until {told} only")


def _is_hold(each: Mapping[str, Any]) -> bool:
    code = str((each.get("transaction_info") or {}).get("transaction_event_code"))
    return code in _HOLDS or code[:3] in _GROUPS_OF_HOLDS


def _line(thing: Mapping[str, Any]) -> StatementLine:
    code, transaction = text(thing, "transaction_event_code"), text(thing, "transaction_id")
    amount = amount_in(thing, "transaction_amount")
    kind = _kind(code, amount)
    try:
        occurred_at = datetime.fromisoformat(text(thing, "transaction_initiation_date"))
    except ValueError:
        raise NoSense("a transaction at no moment") from None
    return StatementLine(
        line_id=f"{transaction}:{code}",
        kind=kind,
        ref=_ref(thing, kind, code),
        key=key_named(thing.get("custom_field") or thing.get("invoice_id")),
        amount=amount,
        fee=-amount_in(thing, "fee_amount") if thing.get("fee_amount") else None,
        occurred_at=occurred_at,
    )


def _kind(code: str, amount: Money) -> str:
    if code in _PAYOUTS:
        return "payout"
    if code in _DISPUTES:
        return "dispute"
    if code in _FEES or code.startswith("T01"):
        return "fee"
    if code == "T1107":
        return "refund"
    return "charge" if code.startswith("T00") and amount.minor > 0 else "adjustment"


def _ref(thing: Mapping[str, Any], kind: str, code: str) -> str:
    """The object that we follow: of a payout that came back the one that left, of a dispute its own name."""
    behind = str(thing.get("paypal_reference_id") or "")
    if kind == "payout" and code != "T0001" and behind:
        return behind
    if kind == "dispute" and behind:
        found = ask("GET", "/v1/customer/disputes", params={"disputed_transaction_id": behind}).get("items") or []
        if found:
            return text(found[0], "dispute_id")
    return text(thing, "transaction_id")
