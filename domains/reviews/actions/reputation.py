"""What published reviews come to."""

from collections.abc import Sequence
from typing import Any

from domains.reviews import rules
from domains.reviews.models import CategoryMean, Reputation, Review
from kelmah import clock
from kelmah.events.publish import publish
from kelmah.interfaces.reviews.events import ReputationChanged


def count_in(reviews: Sequence[Review], *, category: str) -> None:
    """Add reviews that are just being published to their subjects' reputations. Inside the publishing transaction.

    Windows of one category or one person are published at once: all lock the category's means first, by role, and then
    the people, by id, so that they wait for each other and never in a circle.
    """
    priors = {review.id: _prior_with(review, category) for review in sorted(reviews, key=_role_of_subject)}
    for review in sorted(reviews, key=lambda review: review.subject_id):
        _add(review, prior=priors[review.id])


# Private functions


def _role_of_subject(review: Review) -> str:
    return rules.other_side(review.author_role)


def _prior_with(review: Review, category: str) -> int:
    """The category's prior as it was before this review, which is then added to it."""
    key: dict[str, Any] = {"category": category, "subject_role": _role_of_subject(review)}
    CategoryMean.objects.get_or_create(**key)
    mean = CategoryMean.objects.select_for_update().get(**key)
    prior = rules.category_prior(total=mean.total, count=mean.count)
    mean.total, mean.count = mean.total + review.stars, mean.count + 1
    mean.save()
    return prior


def _add(review: Review, *, prior: int) -> None:
    now = clock.now()
    Reputation.objects.get_or_create(user_id=review.subject_id, defaults={"changed_at": now})
    reputation = Reputation.objects.select_for_update().get(user_id=review.subject_id)
    reputation.total, reputation.count = reputation.total + review.stars, reputation.count + 1
    stars = rules.bayesian_mean(total=reputation.total, count=reputation.count, prior=prior)
    reputation.stars, reputation.changed_at = stars, now
    reputation.save()
    publish(ReputationChanged(user_id=reputation.user_id, stars=stars, reviews=reputation.count))
