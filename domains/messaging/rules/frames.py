"""Frames of the live protocol that messaging sends: each encoded once, for everybody who gets it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from kelmah.interfaces.files.types import FileInfo


def moment(at: datetime) -> str:
    """A time as every answer and frame writes it, PostgreSQL's included."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


def message_frame(
    *,
    message_id: UUID,
    conversation_id: UUID,
    seq: int,
    sender_id: UUID,
    client_id: str,
    text: str,
    files: Sequence[FileInfo],
    created_at: datetime,
) -> bytes:
    """Word for word what the history's SQL makes of the stored row."""
    return orjson.dumps(
        {
            "type": "message",
            "conversation": conversation_id,
            "id": message_id,
            "seq": seq,
            "sender_id": sender_id,
            "client_id": client_id,
            "text": text,
            "files": [
                {"file_id": file.file_id, "name": file.name, "content_type": file.content_type, "size": file.size}
                for file in files
            ],
            "created_at": moment(created_at),
        }
    )


def read_frame(*, conversation_id: UUID, user_id: UUID, seq: int) -> bytes:
    """Somebody has read up to ``seq``."""
    return orjson.dumps({"type": "read", "conversation": conversation_id, "user_id": user_id, "seq": seq})


def subscribed_frame(*, conversation_id: UUID, seq: int) -> str:
    """From ``seq`` on, everything comes by itself."""
    return orjson.dumps({"type": "subscribed", "conversation": conversation_id, "seq": seq}).decode()


def gap_frame(*, conversation_id: UUID, first: int, last: int) -> str:
    """These numbers come next, from the database."""
    return orjson.dumps({"type": "gap", "conversation": conversation_id, "from": first, "to": last}).decode()


def notification_frame(*, notification: dict[str, Any]) -> bytes:
    """What the list of notifications has of it."""
    return orjson.dumps({"type": "notification", **notification})
