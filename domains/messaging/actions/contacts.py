"""How to reach people, as identity last told it."""

from uuid import UUID

from domains.messaging.models import Contact
from kelmah.db import atomic


def keep_contact(*, user_id: UUID, display_name: str, email: str, locale: str, zone: str) -> None:
    """Somebody is new here."""
    with atomic("messaging"):
        Contact.objects.update_or_create(
            user_id=user_id,
            defaults={"display_name": display_name, "email": email, "locale": locale, "zone": zone},
        )


def rename_contact(*, user_id: UUID, display_name: str, locale: str, zone: str) -> None:
    """Somebody changed their name or language; their address stays as it is."""
    with atomic("messaging"):
        Contact.objects.filter(user_id=user_id).update(display_name=display_name, locale=locale, zone=zone)
