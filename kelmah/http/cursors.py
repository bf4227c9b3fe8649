"""Cursors: the place in a list, as a text that only we can write and only its reader can use.

A cursor is bound to the caller and to ``scope`` (the list, its order, and whatever filters the view puts in). Altered,
foreign or stale in form, it is refused with ``cursor_invalid``.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.signing import BadSignature, Signer
from rest_framework.request import Request

from kelmah.errors import FieldError, InvalidInput
from kelmah.http.authentication import caller_of
from kelmah.http.errors import CursorInvalid
from kelmah.money import Money

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_MAX_LENGTH = 2000

# Tag, type, to JSON, from JSON. bool before int and datetime before date, since each is one of the other.
_FORMS: tuple[tuple[str, type, Callable[[Any], Any], Callable[[Any], Any]], ...] = (
    ("b", bool, bool, bool),
    ("i", int, int, int),
    ("f", float, float.hex, float.fromhex),
    ("s", str, str, str),
    ("u", UUID, str, UUID),
    ("t", datetime, datetime.isoformat, datetime.fromisoformat),
    ("d", date, date.isoformat, date.fromisoformat),
    ("n", Decimal, str, Decimal),
    ("m", Money, lambda money: [money.minor, money.currency], lambda pair: Money(*pair)),
)


def read_cursor(request: Request, scope: str) -> tuple[Any, ...] | None:
    """The key values after which the page begins; None for the first page. Raises CursorInvalid."""
    text = request.query_params.get("cursor")
    if text is None:
        return None
    if len(text) > _MAX_LENGTH:
        raise CursorInvalid
    try:
        values = _signer(request, scope).unsign_object(text)
        return tuple(_decoded(tag, value) for tag, value in values)
    except (BadSignature, ValueError, TypeError, KeyError):
        raise CursorInvalid from None


def write_cursor(request: Request, scope: str, values: Sequence[Any]) -> str:
    """The cursor of the page that begins after the row with these key values (UUID, datetime, date, int, str, float,
    bool, Decimal, Money; never None). Raises TypeError for anything else."""
    return _signer(request, scope).sign_object([_encoded(value) for value in values])


def read_limit(request: Request) -> int:
    """``limit`` of the query, 1 to 100, by default 20. Raises InvalidInput."""
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= MAX_LIMIT):
        detail = f"limit is a whole number from 1 to {MAX_LIMIT}."
        raise InvalidInput(errors=[FieldError(pointer="/limit", code="out_of_range", detail=detail)])
    return int(text)


def _signer(request: Request, scope: str) -> Signer:
    caller = caller_of(request)
    reader = caller.user_id if caller else "anyone"
    # The salt is not in the cursor, so that nothing about the reader is either.
    return Signer(sep=".", salt=f"kelmah.cursor:{reader}:{scope}")


def _encoded(value: Any) -> tuple[str, Any]:
    for tag, kind, encode, _ in _FORMS:
        if isinstance(value, kind):
            return tag, encode(value)
    raise TypeError(f"{value!r} can't be an order key: a list's order keys are never NULL")


def _decoded(tag: str, value: Any) -> Any:
    return next(decode for each, _, _, decode in _FORMS if each == tag)(value)
