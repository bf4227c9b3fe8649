"""Letters of notifications, by mail and by phone: each sent once, tried again until it works or there is no hope.

A try is a lease on the row, not a lock: nothing is held while the letter leaves the house. Should the process die
between sending and noting it, the next try sends the same mail under the same Message-ID; a text comes twice then.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.utils.translation import override

from domains.messaging import rules
from domains.messaging.actions.contacts import channels_to, not_before_for
from domains.messaging.models import Contact, Delivery
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import enqueue
from kelmah.faultpoints import faultpoint
from kelmah.outbound import Mail, NotSent, Sms, mail_gateway, sms_gateway

log = structlog.get_logger(__name__)


def deliver(*, delivery_id: UUID) -> str | None:
    """Try to send one letter that is due; returns its state afterwards, None when it was not ours to send."""
    claimed = _claim(delivery_id)
    if claimed is None:
        return None
    kind = claimed.notification.kind
    contact = Contact.objects.filter(user_id=claimed.notification.user_id).first()
    if contact is None:  # identity's word about them may still be on its way
        return _settle(claimed, error="nobody has told us who this is", giving_up="skip")
    # Looked at again: they may have changed their mind, or it is a try that was put off into their quiet hours.
    if claimed.channel not in channels_to(contact, kind) or not rules.may_write(contact.status, kind=kind):
        return _settle(claimed, step="skip")
    now = clock.now()
    if (later := not_before_for(contact, kind, now=now)) > now:
        return _put_off(claimed, until=later)
    try:
        with override(contact.locale or "en"):
            sent_to = _send(claimed, contact)
    except NotSent as error:
        return _settle(claimed, error=str(error), giving_up="give_up")
    faultpoint("messaging.after_mail")
    return _settle(claimed, step="send", sent_to=sent_to)


def sweep_deliveries(*, limit: int = 200) -> int:
    """Send what still waits and is due; returns how many mails were tried."""
    due = Delivery.objects.filter(state="waiting", next_at__lte=clock.now()).order_by("next_at")
    return sum(deliver(delivery_id=found) is not None for found in due.values_list("id", flat=True)[:limit])


def resend(*, delivery_id: UUID) -> None:
    """Staff has a mail sent once more. Raises InvalidTransition for one that is on its way."""
    with atomic("messaging"):
        # Against a try that is just ending: what it finds out must not be overwritten.
        delivery = Delivery.objects.select_for_update().get(id=delivery_id)
        delivery.state = rules.DELIVERY.check("resend", delivery.state)
        delivery.attempts, delivery.next_at, delivery.last_error = 0, clock.now(), ""
        delivery.save(update_fields=["state", "attempts", "next_at", "last_error"])
        enqueue("messaging.deliver", delivery_id=str(delivery_id))


# Private functions


def _send(claimed: Delivery, contact: Contact) -> str:
    """The address to which it went. Raises NotSent."""
    told = claimed.notification
    if claimed.channel == "sms":
        text = rules.sms_text(told.title, told.body)
        sms_gateway().send(Sms(message_id=claimed.id, number=contact.phone, text=text, at=told.created_at))
        return contact.phone
    mail = Mail(
        message_id=claimed.id,
        address=contact.email,
        name=contact.display_name,
        subject=told.title,
        body=told.body,
        at=told.created_at,
    )
    mail_gateway().send(mail)
    return contact.email


def _put_off(claimed: Delivery, *, until: datetime) -> str:
    """To wait is no attempt."""
    with atomic("messaging"):
        Delivery.objects.filter(id=claimed.id, state="waiting", attempts=claimed.attempts).update(
            next_at=until, attempts=claimed.attempts - 1
        )
    return "waiting"


def _claim(delivery_id: UUID) -> Delivery | None:
    """Lease a mail that is due; None when it is gone already or somebody else is sending it."""
    with atomic("messaging"):
        now = clock.now()
        # The task and the sweep may come at once: the second finds next_at in the future.
        delivery = (
            Delivery.objects.select_for_update(of=("self",))
            .select_related("notification")
            .filter(id=delivery_id, state="waiting", next_at__lte=now)
            .first()
        )
        if delivery is not None:
            delivery.attempts += 1
            delivery.next_at = now + rules.LEASE
            delivery.save(update_fields=["attempts", "next_at"])
    return delivery


def _settle(claimed: Delivery, *, step: str = "", error: str = "", giving_up: str = "", sent_to: str = "") -> str:
    """Note how a try ended, unless a later one has taken over."""
    if not step and claimed.attempts >= rules.ATTEMPTS:
        step = giving_up
    state = rules.DELIVERY.check(step, claimed.state) if step else claimed.state
    changes: dict[str, Any] = {"state": state, "last_error": error[:2000]}
    if state == "waiting":
        changes["next_at"] = clock.now() + rules.pause_after(claimed.attempts)
        log.warning("mail_not_sent", delivery_id=str(claimed.id), attempt=claimed.attempts)
    elif state == "sent":
        changes |= {"sent_at": clock.now(), "sent_to": sent_to}
    with atomic("messaging"):
        Delivery.objects.filter(id=claimed.id, state="waiting", attempts=claimed.attempts).update(**changes)
    return state
