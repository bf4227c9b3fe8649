"""Reads of messaging."""

from domains.messaging.queries.conversations import conversation_card, conversations_of
from domains.messaging.queries.live import heads_of, missing_frames, opening_pages
from domains.messaging.queries.messages import history, lock_member, members_of, message_json, unread_of
from domains.messaging.queries.notifications import notification_json, notifications_of, unread_notifications
from domains.messaging.queries.pages import Page

__all__ = [
    "Page",
    "conversation_card",
    "conversations_of",
    "heads_of",
    "history",
    "lock_member",
    "members_of",
    "message_json",
    "missing_frames",
    "notification_json",
    "notifications_of",
    "opening_pages",
    "unread_notifications",
    "unread_of",
]
