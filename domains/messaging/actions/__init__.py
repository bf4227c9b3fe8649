"""Writes of messaging, one function per use case."""

from domains.messaging.actions.contacts import keep_contact, move_contact, note_status, rename_contact
from domains.messaging.actions.conversations import mark_read, open_conversation, open_conversation_about
from domains.messaging.actions.mail import deliver_email, resend, sweep_deliveries
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
    "deliver_email",
    "draft_message",
    "forget_old_notifications",
    "keep_contact",
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
