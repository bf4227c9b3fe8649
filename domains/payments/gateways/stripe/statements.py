"""What moved our balance at Stripe, line by line, and what it is."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import stripe
from stripe.params import BalanceTransactionListParams

from domains.payments.gateways.base import StatementLine
from domains.payments.gateways.stripe.amounts import read
from domains.payments.gateways.stripe.client import UNREADABLE, client, key_in, unavailable, unreadable
from kelmah.money import Money

# By reporting category (docs.stripe.com/reports/reporting-categories). What is not here is an adjustment; so is
# ``payout``, Stripe's transfers of our own balance to our own bank.
_KINDS: Final[Mapping[str, str]] = {
    "charge": "charge",
    "charge_failure": "charge",
    "partial_capture_reversal": "charge",
    "transfer": "payout",
    "transfer_reversal": "payout",
    "refund": "refund",
    "refund_failure": "refund",
    "dispute": "dispute",
    "dispute_reversal": "dispute",
    "fee": "fee",
}


def statement(day: date) -> list[StatementLine]:
    """Every balance transaction that was made on the day, oldest first. Raises Unavailable."""
    began = datetime.combine(day, time(), tzinfo=UTC)
    params: BalanceTransactionListParams = {
        "created": {"gte": int(began.timestamp()), "lt": int((began + timedelta(days=1)).timestamp())},
        "expand": ["data.source"],
        "limit": 100,
    }
    try:
        found = client().v1.balance_transactions.list(params)
        lines = [_line(movement.to_dict()) for movement in found.auto_paging_iter()]
    except stripe.StripeError as error:
        raise unavailable(error) from None
    except UNREADABLE as error:
        raise unreadable(error) from None
    return sorted(lines, key=lambda line: (line.occurred_at, line.line_id))


def balance() -> list[Money]:
    """Available and still clearing together, per currency. Raises Unavailable."""
    sums: dict[str, Money] = {}
    try:
        told = client().v1.balance.retrieve().to_dict()
        for part in (*told["available"], *told["pending"]):
            amount = read(part["amount"], part["currency"])
            sums[amount.currency] = sums.get(amount.currency, Money(0, amount.currency)) + amount
    except stripe.StripeError as error:
        raise unavailable(error) from None
    except UNREADABLE as error:
        raise unreadable(error) from None
    return list(sums.values())


# Private functions


def _line(movement: dict[str, Any]) -> StatementLine:
    source = movement["source"]
    thing = source if isinstance(source, dict) else {}
    currency = movement["currency"]
    return StatementLine(
        line_id=str(movement["id"]),
        kind=_KINDS.get(movement["reporting_category"], "adjustment"),
        ref=_ref(thing) or str(source or movement["id"]),
        key=key_in(thing),
        amount=read(movement["amount"], currency),
        fee=read(movement["fee"], currency),
        occurred_at=datetime.fromtimestamp(movement["created"], tz=UTC),
    )


def _ref(thing: dict[str, Any]) -> str:
    """The object that we follow: of a charge its intent, of a reversal its transfer."""
    behind = {"charge": "payment_intent", "transfer_reversal": "transfer"}.get(str(thing.get("object")), "id")
    return str(thing.get(behind) or thing.get("id") or "")
