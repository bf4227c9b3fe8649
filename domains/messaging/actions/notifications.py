"""Telling people: in the app at once, by e-mail through the worker."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import orjson
import structlog

from domains.messaging.gateways.mailbox import send_mail
from domains.messaging.models import Contact, Delivery, Notification
from domains.messaging.rules.notices import Notice
from kelmah import clock
from kelmah.db import atomic, run_on_commit
from kelmah.errors import NotFound
from kelmah.events.publish import enqueue
from kelmah.live.hints import give_hint, pack
from kelmah.principal import Principal

log = structlog.get_logger(__name__)

ATTEMPTS = 8


def user_channel(user_id: UUID) -> str:
    """The hub's channel of everything that only one person gets."""
    return f"user:{user_id}"


def notify(notices: Sequence[Notice]) -> None:
    """Write notifications down; who is connected sees them now, who has an address gets a mail."""
    with atomic("messaging"):
        now = clock.now()
        wanted = [notice.user_id for notice in notices if notice.by_mail]
        contacts = {contact.user_id: contact for contact in Contact.objects.filter(user_id__in=wanted)}
        for notice in notices:
            notification = Notification.objects.create(
                user_id=notice.user_id, kind=notice.kind, title=notice.title, body=notice.body, created_at=now
            )
            contact = contacts.get(notice.user_id)
            if notice.by_mail and contact and contact.email:
                delivery = Delivery.objects.create(notification=notification, address=contact.email, next_at=now)
                enqueue("messaging.deliver_email", delivery_id=str(delivery.id))
            _hint_at(notification)


def deliver_email(*, delivery_id: UUID) -> None:
    """Send one mail, if it was not sent before. A failure waits for the sweep."""
    with atomic("messaging"):
        # The row is locked while the mail is written to disk, so that the task and the sweep do not both send it; a
        # crash before the commit repeats it under the same id, which is the same file.
        delivery = (
            Delivery.objects.select_for_update(of=("self",))
            .select_related("notification")
            .filter(id=delivery_id, state="waiting")
            .first()
        )
        if delivery is None:
            return
        delivery.attempts += 1
        try:
            send_mail(
                message_id=delivery.id,
                address=delivery.address,
                subject=delivery.notification.title,
                body=delivery.notification.body,
            )
        except OSError as error:
            delivery.last_error = str(error)
            delivery.next_at = clock.now() + timedelta(seconds=min(10 * 2**delivery.attempts, 3600))
            delivery.state = "failed" if delivery.attempts >= ATTEMPTS else "waiting"
            log.error("mail_not_sent", delivery_id=str(delivery.id), attempt=delivery.attempts)
        else:
            delivery.state, delivery.sent_at = "sent", clock.now()
        delivery.save()


def sweep_deliveries(*, limit: int = 200) -> int:
    """Send what still waits; returns how many mails were tried."""
    waiting = Delivery.objects.filter(state="waiting", next_at__lte=clock.now()).order_by("next_at")
    ids = list(waiting.values_list("id", flat=True)[:limit])
    for delivery_id in ids:
        deliver_email(delivery_id=delivery_id)
    return len(ids)


def read_notification(*, notification_id: UUID, by: Principal) -> Notification:
    """Mark one's own notification as read; twice is once. Raises NotFound."""
    with atomic("messaging"):
        notification = Notification.objects.select_for_update().filter(id=notification_id, user_id=by.user_id).first()
        if notification is None:
            raise NotFound("You have no such notification.")
        if notification.read_at is None:
            notification.read_at = clock.now()
            notification.save(update_fields=["read_at"])
    return notification


def _hint_at(notification: Notification) -> None:
    frame = {
        "type": "notification",
        "id": notification.id,
        "kind": notification.kind,
        "title": notification.title,
        "body": notification.body,
        "created_at": notification.created_at,
    }
    channel, hint = user_channel(notification.user_id), pack(orjson.dumps(frame))
    run_on_commit("messaging", lambda: give_hint(channel, hint))
