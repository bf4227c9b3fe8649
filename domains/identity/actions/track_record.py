"""What others found out about somebody: in reviews and in contracts."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from domains.identity.actions import cards
from domains.identity.actions.ladder import settle_level
from domains.identity.models import FinishedJob, Profile
from kelmah.db import atomic


def record_reputation(*, user_id: UUID, stars: int, reviews: int) -> None:
    """What the reviews of somebody come to; of nobody we know, nothing. Twice is safe: the numbers are absolute."""
    with atomic("identity"):
        profile = _locked(user_id)
        shown = (stars if reviews else None, reviews)
        if profile is not None and (profile.stars, profile.reviews) != shown:
            profile.stars, profile.reviews = shown
            profile.save_change("stars", "reviews")
            settle_level(profile)
            cards.refresh(user_id)


def record_finished_job(*, contract_id: UUID, user_ids: Collection[UUID], ended_at: datetime) -> None:
    """A contract was completed by these two; who is unknown is left out. Twice is safe: a contract counts once."""
    with atomic("identity"):
        for user_id in sorted(user_ids):
            profile = _locked(user_id)
            if profile is None:
                continue
            _, is_new = FinishedJob.objects.get_or_create(
                profile=profile, contract_id=contract_id, defaults={"ended_at": ended_at}
            )
            if is_new:
                profile.jobs += 1
                profile.save_change("jobs")
                settle_level(profile)
        cards.refresh(*user_ids)


def _locked(user_id: UUID) -> Profile | None:
    """Its owner may be editing it."""
    return Profile.objects.select_for_update().filter(user_id=user_id).first()
