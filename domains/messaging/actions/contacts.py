"""How to reach people, as identity last told it."""

from uuid import UUID

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
