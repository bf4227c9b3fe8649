"""Writes of messaging, one function per use case."""

from domains.messaging.actions.contacts import keep_contact, rename_contact
from domains.messaging.actions.conversations import mark_read, open_conversation, open_conversation_about
from domains.messaging.actions.notifications import deliver_email, notify, read_notification, sweep_deliveries
from domains.messaging.actions.sending import Draft, Sent, send_message, send_messages

__all__ = [
    "Draft",
    "Sent",
    "deliver_email",
    "keep_contact",
    "mark_read",
    "notify",
    "open_conversation",
    "open_conversation_about",
    "read_notification",
    "rename_contact",
    "send_message",
    "send_messages",
    "sweep_deliveries",
]
