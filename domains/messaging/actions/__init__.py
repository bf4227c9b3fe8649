"""Writes of messaging, one function per use case."""

from domains.messaging.actions.contacts import keep_contact, keep_wishes, move_contact, note_status, rename_contact
from domains.messaging.actions.conversations import mark_read, open_conversation, open_conversation_about
from domains.messaging.actions.deliveries import deliver, resend, sweep_deliveries
from domains.messaging.actions.notifications import (
    close_sockets,
    forget_old_notifications,
    notify,
    read_notification,
)
from domains.messaging.actions.sending import Draft, Sent, draft_message, send_message, send_messages

__all__ = [
    "Draft",
    "Sent",
    "close_sockets",
    "deliver",
    "draft_message",
    "forget_old_notifications",
    "keep_contact",
    "keep_wishes",
    "mark_read",
    "move_contact",
    "note_status",
    "notify",
    "open_conversation",
    "open_conversation_about",
    "read_notification",
    "rename_contact",
    "resend",
    "send_message",
    "send_messages",
    "sweep_deliveries",
]
