"""Disputes: a payer's bank takes a charge back.

What moved decides, not the word for it: a dispute has a balance transaction when the money was withdrawn from us and a
second when it was given back (docs.stripe.com/api/disputes/object).
"""

from typing import Any, Final

import stripe

from domains.payments.gateways.base import Dispute, Unknown
from domains.payments.gateways.stripe.amounts import read
from domains.payments.gateways.stripe.client import NO_SUCH, UNREADABLE, client, failed_question, is_ref, our_account

_OVER: Final = ("warning_closed", "won", "prevented")


def fetch(ref: str) -> Dispute | Unknown:
    if not is_ref(ref):
        return NO_SUCH
    try:
        return _dispute(client().v1.disputes.retrieve(ref).to_dict())
    except stripe.StripeError as error:
        return failed_question(error)
    except UNREADABLE as error:
        return Unknown(reason=f"unreadable: {type(error).__name__}")


# Private functions


def _dispute(data: dict[str, Any]) -> Dispute:
    return Dispute(
        ref=str(data["id"]),
        charge_ref=str(data.get("payment_intent") or data["charge"]),
        amount=read(data["amount"], data["currency"]),
        phase=_phase(data),
        account=our_account(),
        live=bool(data["livemode"]),
    )


def _phase(data: dict[str, Any]) -> str:
    movements = [movement["amount"] for movement in data["balance_transactions"]]
    if not movements:
        return "closed" if data["status"] in _OVER else "inquiry"
    if sum(movements) >= 0:
        return "reinstated"
    return "lost" if data["status"] == "lost" else "withdrawn"
