"""What messaging decides without looking anything up."""

from domains.messaging.rules.channels import CHANNELS, channels_for, not_before, sms_text
from domains.messaging.rules.conversations import CONTEXTS, pair
from domains.messaging.rules.deliveries import ATTEMPTS, DELIVERY, KEPT_FOR, LEASE, may_write, pause_after
from domains.messaging.rules.messages import (
    CLIENT_ID_LIMIT,
    FILES_LIMIT,
    TEXT_LIMIT,
    ConversationBusy,
    MessageEmpty,
    TooManyMessages,
    check_client_id,
    cleaned_text,
)
from domains.messaging.rules.notices import NOTICES, Notice, notices_of, topic_of
from domains.messaging.rules.telling import Telling
from domains.messaging.rules.topics import conversation_of, conversation_topic, user_topic

__all__ = [
    "ATTEMPTS",
    "CHANNELS",
    "CLIENT_ID_LIMIT",
    "CONTEXTS",
    "DELIVERY",
    "FILES_LIMIT",
    "KEPT_FOR",
    "LEASE",
    "NOTICES",
    "TEXT_LIMIT",
    "ConversationBusy",
    "MessageEmpty",
    "Notice",
    "Telling",
    "TooManyMessages",
    "channels_for",
    "check_client_id",
    "cleaned_text",
    "conversation_of",
    "conversation_topic",
    "may_write",
    "not_before",
    "notices_of",
    "pair",
    "pause_after",
    "sms_text",
    "topic_of",
    "user_topic",
]
