"""The tables that every domain has."""

from kelmah.db.models import IdempotencyKeyBase, InboxBase, OutboxBase


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass
