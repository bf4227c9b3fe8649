"""What a message may be."""

import unicodedata
from typing import Final

from kelmah.errors import FieldError, InvalidInput, TooManyRequests, Unavailable

TEXT_LIMIT: Final = 5_000  # characters
FILES_LIMIT: Final = 10
CLIENT_ID_LIMIT: Final = 64


class TooManyMessages(TooManyRequests):
    code, title = "too_many_messages", "You are writing too fast: wait a little"


class ConversationBusy(Unavailable):
    code, title = "conversation_busy", "Somebody else is writing to this conversation: send it again"


class MessageEmpty(InvalidInput):
    code, title = "message_empty", "A message needs a text or a file"


def cleaned_text(text: str, *, has_files: bool) -> str:
    """The text as it is stored: Unicode NFC, the ends trimmed. Raises InvalidInput, MessageEmpty."""
    plain = unicodedata.normalize("NFC", text).strip()
    if len(plain) > TEXT_LIMIT:
        raise _wrong("max_length", f"Use at most {TEXT_LIMIT} characters.")
    if "\x00" in plain:
        raise _wrong("null_characters_not_allowed", "Remove the null characters.")
    try:
        plain.encode()
    except UnicodeEncodeError:  # half of a character that takes two
        raise _wrong("surrogate_characters_not_allowed", "Send whole characters.") from None
    if not plain and not has_files:
        raise MessageEmpty(errors=[FieldError("/text", "required", "Write something, or attach a file.")])
    return plain


def check_client_id(client_id: str) -> None:
    """The sender's own name for a message: 1 to 64 visible ASCII characters. Raises InvalidInput."""
    if not 1 <= len(client_id) <= CLIENT_ID_LIMIT or not all("!" <= character <= "~" for character in client_id):
        detail = f"client_id has 1 to {CLIENT_ID_LIMIT} visible ASCII characters."
        raise InvalidInput(errors=[FieldError("/client_id", "invalid", detail)])


def _wrong(code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError("/text", code, detail)])
