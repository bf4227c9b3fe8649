"""Texts that people show each other."""

import unicodedata
from typing import Final

from kelmah.errors import FieldError, InvalidInput

# Control characters forge headers and log lines; format characters (bidirectional overrides, zero widths) forge names.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LINES: Final = frozenset("\n\t")
LONGEST_NAME: Final = 80


def is_plain(text: str, *, lines: bool = False) -> bool:
    """Whether everything in the text can be seen. ``lines``: it may have line breaks and tabs."""
    return text.isprintable() or all(
        unicodedata.category(each) not in _HIDDEN or (lines and each in _LINES) for each in text
    )


def clean_display_name(text: str) -> str:
    """The name as others see it: NFC, single spaces, nothing hidden, no mark of an address. Raises InvalidInput."""
    name = " ".join(unicodedata.normalize("NFC", text).split(" ")).strip()
    while "  " in name:
        name = name.replace("  ", " ")
    if not is_plain(name) or not any(each.isalnum() for each in name) or any(each in "<>@" for each in name):
        raise _bad_name("invalid", "Use letters and spaces, without < > @ and without hidden characters.")
    if len(name) > LONGEST_NAME:
        raise _bad_name("max_length", f"Use at most {LONGEST_NAME} characters.")
    return name


def _bad_name(code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError("/display_name", code, detail)])
