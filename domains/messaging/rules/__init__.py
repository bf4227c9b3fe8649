"""What messaging decides without looking anything up."""

from domains.messaging.rules.messages import (
    MESSAGES_PER_MINUTE,
    TEXT_LIMIT,
    ConversationClosed,
    MessageEmpty,
    TooManyMessages,
    check_text,
)
from domains.messaging.rules.notices import NOTICES, Notice, Telling

__all__ = [
    "MESSAGES_PER_MINUTE",
    "NOTICES",
    "TEXT_LIMIT",
    "ConversationClosed",
    "MessageEmpty",
    "Notice",
    "Telling",
    "TooManyMessages",
    "check_text",
]
