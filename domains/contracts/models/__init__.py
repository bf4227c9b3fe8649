"""Tables of contracts. What a constraint can say, a constraint says."""

from domains.contracts.models.contracts import Contract, SettledWeek, Signature
from domains.contracts.models.disputes import Dispute
from domains.contracts.models.milestones import Deliverable, Milestone, PartPayment, Submission
from kelmah.db.models import DeadlineBase, IdempotencyKeyBase, InboxBase, OutboxBase

__all__ = [
    "Contract",
    "Deadline",
    "Deliverable",
    "Dispute",
    "IdempotencyKey",
    "Inbox",
    "Milestone",
    "Outbox",
    "PartPayment",
    "SettledWeek",
    "Signature",
    "Submission",
]


class Deadline(DeadlineBase):
    pass


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass
