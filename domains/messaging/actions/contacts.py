"""How to reach people, as identity last told it."""

from collections.abc import Sequence
from datetime import datetime, time
from uuid import UUID

from domains.messaging import rules
from domains.messaging.models import Contact
from kelmah.db import atomic


def keep_contact(*, user_id: UUID, display_name: str, email: str, phone: str, locale: str, zone: str) -> None:
    """Somebody is new here."""
    with atomic("messaging"):
        Contact.objects.update_or_create(
            user_id=user_id,
            defaults={"display_name": display_name, "email": email, "phone": phone, "locale": locale, "zone": zone},
        )


def move_contact(*, user_id: UUID, email: str, phone: str) -> None:
    """Somebody is reached elsewhere from now on."""
    with atomic("messaging"):
        Contact.objects.filter(user_id=user_id).update(email=email, phone=phone)


def note_status(*, user_id: UUID, status: str) -> None:
    """Whether somebody's account is on: whose isn't gets no letters but those about the account."""
    with atomic("messaging"):
        Contact.objects.filter(user_id=user_id).update(status=status)


def rename_contact(*, user_id: UUID, display_name: str, locale: str, zone: str) -> None:
    """Somebody changed their name or language; their address stays as it is."""
    with atomic("messaging"):
        Contact.objects.filter(user_id=user_id).update(display_name=display_name, locale=locale, zone=zone)


def keep_wishes(
    *, user_id: UUID, mail_off: Sequence[str], sms_on: Sequence[str], quiet_from: time | None, quiet_until: time | None
) -> None:
    """By which ways somebody wants to hear of what, and when not."""
    with atomic("messaging"):
        Contact.objects.filter(user_id=user_id).update(
            mail_off=list(mail_off), sms_on=list(sms_on), quiet_from=quiet_from, quiet_until=quiet_until
        )


def channels_to(contact: Contact, kind: str) -> list[str]:
    """By which ways somebody hears of such a thing outside the app."""
    return rules.channels_for(
        kind,
        rules.topic_of(kind),
        email=contact.email,
        phone=contact.phone,
        mail_off=contact.mail_off,
        sms_on=contact.sms_on,
    )


def not_before_for(contact: Contact, kind: str, *, now: datetime) -> datetime:
    """When word of such a thing may leave."""
    return rules.not_before(
        now, kind=kind, zone=contact.zone, quiet_from=contact.quiet_from, quiet_until=contact.quiet_until
    )
