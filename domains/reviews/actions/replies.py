"""The one public answer to a review."""

from uuid import UUID

from domains.reviews import rules
from domains.reviews.models import Review
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.errors import NotFound
from kelmah.principal import Principal


def reply_to_review(*, review_id: UUID, by: Principal, expected_version: int | None, text: str) -> Review:
    """The reviewed person answers, once, within 28 days. Raises NotFound, NotTheSubject, ReplyClosed, StaleVersion."""
    with atomic("reviews"):
        review = Review.objects.select_for_update().filter(id=review_id, state="published").first()
        if review is None:
            raise NotFound("There is no such review.")
        if review.subject_id != by.user_id:
            raise rules.NotTheSubject()
        check_version(review, expected_version)
        assert review.published_at is not None  # noqa: S101 - a constraint says so
        if review.replied_at or clock.now() > review.published_at + rules.REPLY_WITHIN:
            raise rules.ReplyClosed()
        review.reply_text, review.replied_at = text, clock.now()
        review.save_change("reply_text", "replied_at")
    return review
