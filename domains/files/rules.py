"""What may be uploaded, and how its bytes must look."""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Mapping
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
    """What one use of files allows: bytes at most, and content types. ``sealed``: the bytes are stored encrypted, under
    the owner's key. ``made``: by us, never uploaded, and read through those who had it made."""

    limit: int
    types: frozenset[str]
    sealed: bool = False
    made: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "photo": Kind(5 * MEGABYTE, _PICTURES),
    "document": Kind(10 * MEGABYTE, _PICTURES | {"application/pdf"}),
    "identity": Kind(10 * MEGABYTE, _PICTURES | {"application/pdf"}, sealed=True),
    "chat": Kind(25 * MEGABYTE, _PICTURES | _SOUNDS | {"application/pdf", "text/plain"}),
    "export": Kind(20_000 * MEGABYTE, frozenset({"application/zip"}), sealed=True, made=True),
    "portfolio": Kind(100 * MEGABYTE, _PICTURES | {"application/pdf", "video/mp4"}),
}
SEALED: Final = frozenset(name for name, kind in KINDS.items() if kind.sealed)  # and shared with nobody
MADE: Final = frozenset(name for name, kind in KINDS.items() if kind.made)
UPLOADED: Final = frozenset(KINDS) - MADE
EXPORT_KEPT: Final = timedelta(days=7)

FILE = StateTable(
    "file",
    [
        Transition("receive", "pending", "uploaded", "owner", guard="size as announced"),
        Transition("receive", "uploaded", "uploaded", "owner", guard="size as announced"),
        Transition("complete", "uploaded", "ready", "owner", guard="bytes as declared"),
        Transition("reject", "uploaded", "failed", "system"),
        Transition("abandon", "pending", "deleted", "system", deadline="24 hours without completion"),
        Transition("abandon", "uploaded", "deleted", "system", deadline="24 hours without completion"),
        *(
            Transition("erase", state, "deleted", "system", guard="its owner is erased, or a copy has expired")
            for state in ("pending", "uploaded", "ready")
        ),
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


class UploadChanged(Conflict):
    """Other bytes took the place of those that were being looked at, or the upload was given up."""

    code, title = "upload_changed", "The upload changed while it was checked: look at it, then complete it again"


def check_announcement(*, kind: str, name: str, content_type: str, size: int) -> None:
    """Raises InvalidInput, field by field, when such a file is not taken."""
    errors = []
    rule = KINDS[kind]
    if not is_plain_name(name):
        errors.append(FieldError("/name", "not_plain", "A name has no path, control or direction characters."))
    if content_type not in rule.types:
        errors.append(FieldError("/content_type", "not_allowed", f"A {kind} may be {', '.join(sorted(rule.types))}."))
    if size > rule.limit:
        errors.append(FieldError("/size", "too_big", f"A {kind} may have {rule.limit:,} bytes at most."))
    if errors:
        raise InvalidInput(errors=errors)


# Right-to-left overrides make "fdp.exe" read as "exe.pdf".
_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NO_NAME: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control, lone surrogate, line and paragraph separator


def is_plain_name(name: str) -> bool:
    """Whether a name can be shown and saved as it is: no path in it, nothing invisible that changes what is read."""
    if not name.strip(". ") or "/" in name or "\\" in name:
        return False
    return not any(unicodedata.category(each) in _NO_NAME or each in _DIRECTIONS for each in name)


# How the formats begin, from the registries of their makers: an offset and the bytes there, any one of several.
# audio/mp4 and video/mp4 are one container and can't be told apart by its beginning.
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


def looks_like(content_type: str, blocks: Iterable[bytes]) -> bool:
    """Whether bytes can be of this type: by how they begin, for text by all of them. A first block holds a kilobyte
    unless the file is smaller."""
    if content_type == "text/plain":
        return _is_text(blocks)
    head = next(iter(blocks), b"")
    return any(head[offset : offset + len(mark)] == mark for offset, mark in _SIGNATURES[content_type])


def is_picture(content_type: str) -> bool:
    return content_type in _PICTURES


_NO_TEXT: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")  # controls, except breaks and tabs


def _is_text(blocks: Iterable[bytes]) -> bool:
    """UTF-8 to the end, without control characters."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        return not any(_NO_TEXT.search(decoder.decode(block)) for block in blocks) and not decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
