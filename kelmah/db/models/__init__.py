"""Abstract models that every domain builds its tables from."""

from kelmah.db.models.base import UUIDModel, Versioned
from kelmah.db.models.deadlines import DeadlineBase
from kelmah.db.models.idempotency import IdempotencyKeyBase
from kelmah.db.models.keys import DataKeyBase
from kelmah.db.models.queues import InboxBase, OutboxBase

__all__ = ["DataKeyBase", "DeadlineBase", "IdempotencyKeyBase", "InboxBase", "OutboxBase", "UUIDModel", "Versioned"]
