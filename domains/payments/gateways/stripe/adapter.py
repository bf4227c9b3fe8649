"""Stripe: cards through PaymentIntents, separate charges and transfers, payouts through Connect."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, Protocol

from django.conf import settings

from domains.payments.gateways.base import (
    Capabilities,
    Dispute,
    Gateway,
    Notice,
    Order,
    Outcome,
    Rejected,
    StatementLine,
    Unknown,
)
from domains.payments.gateways.stripe import accounts, charges, disputes, payouts, refunds, statements, webhooks
from domains.payments.gateways.stripe.amounts import NotWritable
from domains.payments.gateways.stripe.client import is_live, our_account
from domains.payments.gateways.stripe.profiles import StripeProfiles
from kelmah.money import Money


class _Orders(Protocol):
    """What the modules of the three kinds of order have in common."""

    def submit(self, order: Order) -> Outcome: ...

    def query(self, order: Order) -> Outcome: ...

    def fetch(self, ref: str) -> Outcome: ...


_ORDERS: Final[Mapping[str, _Orders]] = {"charge": charges, "payout": payouts, "refund": refunds}


class StripeGateway(StripeProfiles, Gateway):
    name = "stripe"
    secrets = ("STRIPE_SECRET_KEY", "STRIPE_ACCOUNT", "STRIPE_WEBHOOK_SECRETS")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            charges=frozenset(settings.STRIPE_CURRENCIES),
            payouts=frozenset(settings.STRIPE_CURRENCIES),
            remembers_keys=timedelta(hours=23),  # Stripe may forget them after 24
            account=our_account(),
            live=is_live(),
            refunds="partial",
            webhooks="signed",
            statements=True,
            names=True,
            disputes=True,
            balances=True,
            queries=True,
        )

    def submit(self, order: Order) -> Outcome:
        try:
            return _ORDERS[order.kind].submit(order)
        except NotWritable:
            return Rejected(code="amount_not_writable")

    def query(self, order: Order) -> Outcome:
        return _ORDERS[order.kind].query(order)

    def fetch(self, kind: str, ref: str) -> Outcome:
        return _ORDERS[kind].fetch(ref)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        return webhooks.parse(headers, body)

    def fetch_dispute(self, ref: str) -> Dispute | Unknown:
        return disputes.fetch(ref)

    def statement(self, day: date) -> list[StatementLine]:
        return statements.statement(day)

    def balance(self) -> list[Money]:
        return statements.balance()

    def name_of(self, instrument: str) -> str:
        return accounts.name_of(instrument)
