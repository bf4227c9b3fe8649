"""What published reviews come to."""

from typing import Any

from django.db.models import F

from domains.reviews import rules
from domains.reviews.models import CategoryMean, Reputation, Review
from kelmah import clock
from kelmah.events.publish import publish
from kelmah.interfaces.reviews.events import ReputationChanged


def count_in(review: Review, *, category: str) -> None:
    """Add a review that has just been published to its subject's reputation. Inside the publishing transaction."""
    prior = _prior_with(review, category)
    Reputation.objects.get_or_create(user_id=review.subject_id, defaults={"changed_at": clock.now()})
    reputation = Reputation.objects.select_for_update().get(user_id=review.subject_id)  # two contracts at once
    reputation.total += review.stars
    reputation.count += 1
    reputation.stars = rules.bayesian_mean(total=reputation.total, count=reputation.count, prior=prior)
    reputation.changed_at = clock.now()
    reputation.save()
    publish(ReputationChanged(user_id=reputation.user_id, stars=reputation.stars, reviews=reputation.count))


def _prior_with(review: Review, category: str) -> int:
    """The category's prior as it was before this review, which is then added to it."""
    key: dict[str, Any] = {"category": category, "subject_role": rules.other_side(review.author_role)}
    mean, _ = CategoryMean.objects.get_or_create(**key)
    prior = rules.category_prior(total=mean.total, count=mean.count)
    CategoryMean.objects.filter(**key).update(total=F("total") + review.stars, count=F("count") + 1)
    return prior
