"""What a message may be."""

import unicodedata
from typing import Final

from kelmah.errors import Conflict, FieldError, InvalidInput, TooManyRequests

TEXT_LIMIT: Final = 5_000
MESSAGES_PER_MINUTE: Final = 60


class TooManyMessages(TooManyRequests):
    code, title = "too_many_messages", "You are writing too fast: at most 60 messages a minute"


class MessageEmpty(InvalidInput):
    code, title = "message_empty", "A message needs a text or a file"


class ConversationClosed(Conflict):
    code, title = "conversation_closed", "This conversation is closed"


def check_text(text: str, *, has_files: bool) -> str:
    """The text as it is stored (NFC). Raises InvalidInput, MessageEmpty."""
    plain = unicodedata.normalize("NFC", text)
    if len(plain) > TEXT_LIMIT:
        detail = f"Use at most {TEXT_LIMIT} characters."
        raise InvalidInput(errors=[FieldError("/text", "max_length", detail)])
    if "\x00" in plain:
        raise InvalidInput(errors=[FieldError("/text", "null_characters_not_allowed", "Remove the null characters.")])
    if not plain.strip() and not has_files:
        raise MessageEmpty(errors=[FieldError("/text", "required", "Write something, or attach a file.")])
    return plain
