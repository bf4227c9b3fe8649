"""Tables of payments."""

from django.db import models
from django.db.models import Q

from domains.payments.models.addresses import VirtualAddress
from domains.payments.models.adjustments import Adjustment
from domains.payments.models.escrows import DisputedFunds, Escrow, EscrowRelease, FundingRequest
from domains.payments.models.exchange import ExchangeQuote, ExchangeRate
from domains.payments.models.fees import FeePlan
from domains.payments.models.gateways import GatewayCommand, WebhookEvent
from domains.payments.models.holds import MoneyHold
from domains.payments.models.ledger import BooksCheck, LedgerAccount, LedgerEntry, LedgerTransaction, Position
from domains.payments.models.methods import DataKey, PayoutMethod
from domains.payments.models.payment_files import PaymentFile, PaymentFileItem
from domains.payments.models.payout_batches import PayoutBatch, PayoutBatchItem
from domains.payments.models.profiles import GatewayProfile
from domains.payments.models.refunds import Chargeback, Receivable, Refund
from domains.payments.models.statements import Difference, Statement, StatementEntry
from domains.payments.models.suspense import Suspended, SuspenseRuling
from domains.payments.models.transfers import Deposit, Payout
from kelmah.db.models import DeadlineBase, IdempotencyKeyBase, InboxBase, OutboxBase, UUIDModel

__all__ = [
    "Adjustment",
    "BooksCheck",
    "Chargeback",
    "DataKey",
    "Deadline",
    "Decision",
    "Deposit",
    "Difference",
    "DisputedFunds",
    "Escrow",
    "EscrowRelease",
    "ExchangeQuote",
    "ExchangeRate",
    "FeePlan",
    "FundingRequest",
    "GatewayCommand",
    "GatewayProfile",
    "IdempotencyKey",
    "Inbox",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "MoneyHold",
    "Outbox",
    "PaymentFile",
    "PaymentFileItem",
    "Payout",
    "PayoutBatch",
    "PayoutBatchItem",
    "PayoutMethod",
    "Position",
    "Receivable",
    "Refund",
    "Statement",
    "StatementEntry",
    "Suspended",
    "SuspenseRuling",
    "VirtualAddress",
    "WebhookEvent",
]


class Decision(UUIDModel):
    """What staff decided about somebody's money, and why; written in the transaction that carries it out."""

    kind = models.TextField()
    subject_id = models.TextField()
    by = models.UUIDField()
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="decision_has_reason")]
        indexes = [models.Index(fields=["subject_id", "at"], name="decision_about")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"


class Deadline(DeadlineBase):
    pass


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass
