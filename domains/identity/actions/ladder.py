"""How far up the ladder somebody stands, and which skills they proved, kept in step with everything that decides it."""

from contextlib import suppress
from uuid import UUID

from domains.identity.actions import cards
from domains.identity.models import Profile, ProfileSkill
from domains.identity.queries import papers as queries
from domains.identity.queries.profiles import lock_profile
from domains.identity.rules import ladder
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.events.publish import publish
from kelmah.interfaces.identity.events import UserVerified


def settle_level(profile: Profile) -> None:
    """Write down what follows from what is true now, and tell of a change of level.

    In the transaction of whatever changes a phone number, skills, papers, stars or jobs, after the change; the profile
    locked, so that two changes at once both see both.
    """
    level, before = ladder.level_of(queries.facts_of(profile)), profile.verified_level
    changed = _settle_skills(profile)
    if level != before:
        profile.verified_level = level
        profile.save_change("verified_level")
        publish(UserVerified(user_id=profile.user_id, level=level, before=before, at=clock.now()))
        changed = True
    if changed:
        cards.refresh(profile.user_id)


def settle_level_of(*, user_id: UUID) -> None:
    """As ``settle_level``, in a transaction of its own; of staff, who climb no ladder, nothing. Twice is safe."""
    with suppress(NotFound), atomic("identity"):
        settle_level(lock_profile(user_id))


# Private functions


def _settle_skills(profile: Profile) -> bool:
    proved = queries.proved_skills(profile.user_id)
    skills = ProfileSkill.objects.filter(profile=profile)
    gained = skills.filter(skill_id__in=proved, verified=False).update(verified=True)
    lost = skills.filter(verified=True).exclude(skill_id__in=proved).update(verified=False)
    return bool(gained or lost)
