"""What identity hears, and that hearing it twice is safe."""

import pytest

from domains.identity import handlers
from domains.identity.models import Profile
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.interfaces.reviews.events import ReputationChanged
from tests.identity.factories import sign_up

pytestmark = pytest.mark.domain("identity")


def hear(event: ReputationChanged, *, times: int = 2) -> None:
    for _ in range(times):
        with atomic("identity"):
            handlers.on_reputation_changed(event)


def reputation(user_id) -> tuple[int | None, int, int]:
    profile = Profile.objects.get(user_id=user_id)
    return profile.stars, profile.reviews, profile.version


def test_reviews_show_on_the_profile_once():
    user = sign_up().user
    hear(ReputationChanged(user_id=user.id, stars=437, reviews=12))
    assert reputation(user.id) == (437, 12, 2)


def test_the_newest_reputation_counts_also_when_a_review_was_removed():
    user = sign_up().user
    hear(ReputationChanged(user_id=user.id, stars=437, reviews=12))
    hear(ReputationChanged(user_id=user.id, stars=441, reviews=11))
    assert reputation(user.id) == (441, 11, 3)


def test_without_reviews_there_are_no_stars():
    user = sign_up().user
    hear(ReputationChanged(user_id=user.id, stars=437, reviews=1))
    hear(ReputationChanged(user_id=user.id, stars=400, reviews=0))
    assert reputation(user.id) == (None, 0, 3)


def test_the_reputation_of_nobody_we_know_changes_nothing():
    user = sign_up().user
    hear(ReputationChanged(user_id=new_id(), stars=437, reviews=12))
    assert reputation(user.id) == (None, 0, 1)
