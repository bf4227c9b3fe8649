"""Abstract models that every domain builds its tables from."""

from kelmah.db.models.base import UUIDModel, Versioned
from kelmah.db.models.deadlines import DeadlineBase
from kelmah.db.models.idempotency import IdempotencyKeyBase
from kelmah.db.models.queues import InboxBase, OutboxBase

__all__ = ["DeadlineBase", "IdempotencyKeyBase", "InboxBase", "OutboxBase", "UUIDModel", "Versioned"]
