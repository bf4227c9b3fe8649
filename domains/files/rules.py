"""What may be uploaded, and how its bytes must look."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kelmah.errors import Conflict, FieldError, Forbidden, InvalidInput, Unprocessable
from kelmah.transitions import StateTable, Transition

UPLOAD_LINK: Final = timedelta(minutes=10)
DOWNLOAD_LINK: Final = timedelta(seconds=60)
ABANDONED_AFTER: Final = timedelta(hours=24)
PIXEL_CAP: Final = 50_000_000  # a decoded picture beyond this is a bomb

MEGABYTE: Final = 1_000_000
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
_SOUNDS: Final = frozenset({"audio/ogg", "audio/mpeg", "audio/mp4", "audio/webm"})


@dataclass(frozen=True)
class Kind:
    """What one use of files allows: bytes at most, and content types."""

    limit: int
    types: frozenset[str]


KINDS: Final[Mapping[str, Kind]] = {
    "photo": Kind(5 * MEGABYTE, _PICTURES),
    "document": Kind(10 * MEGABYTE, _PICTURES | {"application/pdf"}),
    "chat": Kind(25 * MEGABYTE, _PICTURES | _SOUNDS | {"application/pdf", "text/plain"}),
    "portfolio": Kind(100 * MEGABYTE, _PICTURES | {"application/pdf", "video/mp4"}),
}

FILE = StateTable(
    "file",
    [
        Transition("receive", "pending", "uploaded", "owner", guard="size as announced"),
        Transition("receive", "uploaded", "uploaded", "owner", guard="size as announced"),
        Transition("accept", "uploaded", "ready", "system", guard="bytes as declared"),
        Transition("reject", "uploaded", "failed", "system"),
        Transition("abandon", "pending", "deleted", "system", deadline="24 hours without completion"),
        Transition("abandon", "uploaded", "deleted", "system", deadline="24 hours without completion"),
    ],
    initial="pending",
    final=("ready", "failed", "deleted"),
)


class LinkInvalid(Forbidden):
    code, title = "link_invalid", "This link is not valid or has expired: ask for a new one"


class SizeNotAsAnnounced(Unprocessable):
    code, title = "size_not_as_announced", "The upload does not have the announced size"


class ContentNotAsDeclared(Unprocessable):
    code, title = "content_not_as_declared", "The bytes are not what the content type says"


class ChecksumMismatch(Unprocessable):
    code, title = "checksum_mismatch", "The received bytes have another SHA-256: upload them again"


class NotUploadedYet(Conflict):
    code, title = "not_uploaded_yet", "Send the bytes first"


def check_announcement(*, kind: str, content_type: str, size: int) -> None:
    """Raises InvalidInput, field by field, when such a file is not taken."""
    errors = []
    rule = KINDS[kind]
    if content_type not in rule.types:
        errors.append(FieldError("/content_type", "not_allowed", f"A {kind} may be {', '.join(sorted(rule.types))}."))
    if size > rule.limit:
        errors.append(FieldError("/size", "too_big", f"A {kind} may have {rule.limit:,} bytes at most."))
    if errors:
        raise InvalidInput(errors=errors)


# How the formats begin, from the registries of their makers. A leading part (offset, bytes) must match.
_SIGNATURES: Final[Mapping[str, tuple[tuple[int, bytes], ...]]] = {
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/webp": ((8, b"WEBP"),),
    "application/pdf": ((0, b"%PDF-"),),
    "audio/ogg": ((0, b"OggS"),),
    "audio/mpeg": ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2")),
    "audio/mp4": ((4, b"ftyp"),),
    "video/mp4": ((4, b"ftyp"),),
    "audio/webm": ((0, b"\x1aE\xdf\xa3"),),
}


def looks_like(content_type: str, head: bytes) -> bool:
    """Whether the first bytes (a kilobyte is plenty) can be of this type. Plain text is UTF-8 without control bytes."""
    if content_type == "text/plain":
        return _is_text(head)
    return any(head[offset : offset + len(mark)] == mark for offset, mark in _SIGNATURES[content_type])


def is_picture(content_type: str) -> bool:
    return content_type in _PICTURES


def _is_text(head: bytes) -> bool:
    try:
        # The head may end inside a character of up to four bytes.
        text = head.decode(errors="strict") if len(head) < 1024 else head[:-4].decode(errors="ignore")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\r\n\t" for character in text)
