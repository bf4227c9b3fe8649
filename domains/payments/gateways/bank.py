"""A bank without an API: payouts go to it in files that staff hand in, and its statements say what became of them.

An order that was sent waits until it is put into a file (``actions/payment_files.py``), and then until a statement has
a line with its key. So nothing here talks to the network, and an order may be sent any number of times.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from domains.payments.gateways.base import (
    Capabilities,
    Facts,
    Gateway,
    Notice,
    Order,
    Outcome,
    Pending,
    Rejected,
    Returned,
    Succeeded,
    Unknown,
)
from domains.payments.models import GatewayCommand, PaymentFileItem, StatementEntry
from domains.payments.rules.banking import BankAccount
from domains.payments.rules.errors import NotOffered
from kelmah.money import Money

_FOR_EVER: Final = timedelta(days=36_500)  # an order is one row here: repeating it does nothing


class BankGateway(Gateway):
    name = "bank"
    secrets = ("BANK_ACCOUNT", "BANK_BIC", "BANK_HOLDER")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            charges=frozenset(),
            payouts=frozenset(settings.BANK_CURRENCIES),
            remembers_keys=_FOR_EVER,
            account=settings.BANK_ACCOUNT,
            live=settings.BANK_LIVE,
            webhooks="none",
        )

    def submit(self, order: Order) -> Outcome:
        if order.kind != "payout":
            raise NotOffered()
        try:
            BankAccount.from_text(order.instrument)
        except ValueError as problem:
            return Rejected(code=f"account_invalid: {problem}"[:100])
        known = self.query(order)
        return known if not isinstance(known, Unknown) else Pending(facts=self._facts(order.key, order.amount))

    def query(self, order: Order) -> Outcome:
        return self._told(order.key)

    def fetch(self, kind: str, ref: str) -> Outcome:
        try:
            key = UUID(hex=ref) if kind == "payout" else None
        except ValueError:
            key = None
        return self._told(key) if key else Unknown(reason="no such payment", absent=True)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        raise NotOffered()

    def _told(self, key: UUID) -> Outcome:
        """What the lines of statements say; without any, what became of its file.

        A return is of the amount that went out: anything else is money that somebody sent under the payment's name.
        """
        lines = list(StatementEntry.objects.filter(gateway=self.name, key=key).order_by("occurred_at", "id"))
        if out := [line for line in lines if line.amount_minor < 0]:
            facts = self._facts(key, -out[-1].amount)
            back = [line for line in lines if line.amount == facts.amount]
            if len(back) < len(out):
                return Succeeded(facts=facts)
            return Returned(facts=facts, code=back[0].reason or "returned_by_bank")
        ordered = GatewayCommand.objects.filter(gateway=self.name, id=key).exclude(state__in=["new", "sent"]).first()
        if ordered is None:
            return Unknown(reason="no such payment", absent=True)
        facts = self._facts(key, ordered.amount)
        if PaymentFileItem.objects.filter(command=ordered, file__state="refused").exists():
            return Rejected(code="file_refused", facts=facts)
        return Pending(facts=facts)

    def _facts(self, key: UUID, amount: Money) -> Facts:
        able = self.capabilities
        return Facts(ref=key.hex, key=key, amount=amount, account=able.account, live=able.live)
