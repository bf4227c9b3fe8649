"""What is sent to Paystack for an order, and what the instruments mean.

Charges: ``checkout:{email}``, ``mobile_money:{provider}:{phone}:{email}``.
Payouts: ``mobile_money|ghipss|nuban:{holder's name}:{bank code}:{account number}``: it ends as people know it again.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from domains.payments.gateways.base import Order

NOTE: Final = "Kelmah "  # before the key, in the note of a refund


def charge(order: Order) -> tuple[str, dict[str, Any]]:
    """The path and body of a charge. The checkout asks the payer itself for card, bank or wallet."""
    channel, _, rest = order.instrument.partition(":")
    body: dict[str, Any] = {
        "amount": order.amount.minor,
        "currency": order.amount.currency,
        "reference": str(order.key),
    }
    if channel == "checkout":
        back = {"callback_url": settings.PAYSTACK_RETURN_URL} if settings.PAYSTACK_RETURN_URL else {}
        return "/transaction/initialize", body | {"email": rest} | back
    provider, phone, email = rest.split(":", 2)
    return "/charge", body | {"email": email, "mobile_money": {"phone": phone, "provider": provider}}


def recipient(order: Order) -> dict[str, Any]:
    """Whoever is paid; the same account twice is one recipient there."""
    kind, _, named = order.instrument.partition(":")
    bank, account = account_in(order.instrument)
    return {
        "type": kind,
        "name": named.rsplit(":", 2)[0],
        "account_number": account,
        "bank_code": bank,
        "currency": order.amount.currency,
    }


def transfer(order: Order, recipient_code: str) -> dict[str, Any]:
    return {
        "source": "balance",
        "amount": order.amount.minor,
        "currency": order.amount.currency,
        "recipient": recipient_code,
        "reference": str(order.key),
        "reason": "Kelmah",
    }


def bulk(orders: Sequence[Order], codes: Mapping[UUID, str]) -> dict[str, Any]:
    """Transfers of one currency, each with its own reference; ``codes``: of the recipients, by the order's key."""
    each = [transfer(order, codes[order.key]) for order in orders]
    named = [{name: one[name] for name in ("amount", "recipient", "reference", "reason")} for one in each]
    return {"source": "balance", "currency": orders[0].amount.currency, "transfers": named}


def refund(order: Order) -> dict[str, Any]:
    return {
        "transaction": order.of,
        "amount": order.amount.minor,
        "currency": order.amount.currency,
        "merchant_note": f"{NOTE}{order.key}",
    }


def account_in(instrument: str) -> tuple[str, str]:
    """The bank's code and the account's number."""
    _, bank, account = instrument.rsplit(":", 2)
    return bank, account
