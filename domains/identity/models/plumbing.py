"""The tables that every domain has."""

from kelmah.db.models import DataKeyBase, DeadlineBase, IdempotencyKeyBase, InboxBase, OutboxBase


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass


class Deadline(DeadlineBase):
    pass


class DataKey(DataKeyBase):
    pass
