"""What people set for themselves."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from domains.identity import queries
from domains.identity.actions import cards
from domains.identity.actions.profiles import update_profile
from domains.identity.models import Profile, Settings, User
from domains.identity.queries.settings import lock_settings, settings_of, wishes_of
from domains.identity.rules import settings as said
from kelmah.db import atomic, check_version
from kelmah.events.publish import publish
from kelmah.interfaces.identity.events import NoticeSettingsChanged


def change_settings(*, user_id: UUID, expected_version: int | None, changes: Mapping[str, Any]) -> Settings:
    """Set the named ones (fields of ``rules.settings.Wishes``; of ``channels`` the named topics) and leave the others.

    Where nothing changes, nothing is written and nobody is told. Raises StaleVersion, InvalidInput.
    """
    with atomic("identity"):
        user = _lock_person(user_id)  # two devices at once: the second sees a newer version
        check_version(settings_of(user), expected_version)
        settings = lock_settings(user)
        settings.user = user
        before = wishes_of(settings)
        channels = dict(before.channels) | dict(changes.get("channels", {}))
        after = replace(before, **{**changes, "channels": channels})
        said.check_wishes(after)
        if after != before:
            _write(settings, after)
            _speak(user, after)
            cards.refresh(user_id)
            if (before.channels, before.quiet_hours) != (after.channels, after.quiet_hours):
                _tell(settings)
    return settings


# Private functions


def _lock_person(user_id: UUID) -> User:
    """With their profile, which comes first wherever both are locked."""
    if Profile.objects.filter(user_id=user_id).exists():
        return queries.lock_profile(user_id).user
    return queries.lock_user(user_id)


def _write(settings: Settings, wishes: said.Wishes) -> None:
    settings.profile_to, settings.place_shown = wishes.profile_to, wishes.place_shown
    settings.in_search = wishes.in_search
    settings.quiet_from, settings.quiet_until = wishes.quiet_hours or (None, None)
    settings.mail_off = [topic for topic in said.TOPICS if "email" not in wishes.channels[topic]]
    settings.sms_on = [topic for topic in said.TOPICS if "sms" in wishes.channels[topic]]
    settings.version += 1
    settings.save()


def _speak(user: User, wishes: said.Wishes) -> None:
    """Language and zone are part of the profile, for whoever has one."""
    spoken = {"locale": wishes.language, "zone": wishes.zone}
    if (user.locale, user.zone) == (wishes.language, wishes.zone):
        return
    if Profile.objects.filter(user=user).exists():
        update_profile(user_id=user.id, expected_version=None, changes=spoken)
        user.refresh_from_db(fields=["locale", "zone"])
        return
    user.locale, user.zone = wishes.language, wishes.zone
    user.save(update_fields=["locale", "zone"])


def _tell(settings: Settings) -> None:
    publish(
        NoticeSettingsChanged(
            user_id=settings.user_id,
            mail_off=settings.mail_off,
            sms_on=settings.sms_on,
            quiet_from=f"{settings.quiet_from:%H:%M}" if settings.quiet_from else "",
            quiet_until=f"{settings.quiet_until:%H:%M}" if settings.quiet_until else "",
        )
    )
