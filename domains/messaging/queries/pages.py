"""JSON as PostgreSQL builds it: each answer and each page is one statement, rendered as it comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connections


@dataclass(frozen=True)
class Page:
    """``items`` is the text of a JSON array; ``last`` holds the order keys of its last row when more rows follow."""

    items: str
    last: tuple[Any, ...] | None = None


def moment(column: str) -> str:
    """SQL of a time as the API writes it."""
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


# What clients get of a message, over REST and over the socket alike; ``m`` is the row.
MESSAGE_MEMBERS = f"""
    'id', m.id, 'seq', m.seq, 'sender_id', m.sender_id, 'client_id', m.client_id, 'text', m.text,
    'files', CASE WHEN m.file_count = 0 THEN '[]'::json ELSE (
        SELECT json_agg(json_build_object('file_id', f.file_id, 'name', f.name, 'content_type', f.content_type,
                                          'size', f.size) ORDER BY f.id)
        FROM messaging_messagefile f WHERE f.message_id = m.id) END,
    'created_at', {moment("m.created_at")}"""  # noqa: S608 - names are ours
MESSAGE = f"json_build_object('conversation_id', m.conversation_id, {MESSAGE_MEMBERS})"
FRAME = f"json_build_object('type', 'message', 'conversation', m.conversation_id, {MESSAGE_MEMBERS})"


def one_row(statement: str, params: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The row that the statement gives, if it gives one."""
    with connections["messaging"].cursor() as cursor:
        cursor.execute(statement, params)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def all_rows(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connections["messaging"].cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
