"""The one public answer to a review."""

from uuid import UUID

from domains.reviews import queries, rules
from domains.reviews.models import Review
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.principal import Principal


def reply_to_review(*, review_id: UUID, by: Principal, expected_version: int | None, text: str) -> Review:
    """The reviewed person answers, once, within 28 days. Raises NotFound, NotTheSubject, ReplyClosed, StaleVersion."""
    with atomic("reviews"):
        review = queries.lock_published_review(review_id)  # two replies at once are one
        if review.subject_id != by.user_id:
            raise rules.NotTheSubject()
        check_version(review, expected_version)
        now = clock.now()
        if not rules.may_reply(published_at=review.published_at, replied_at=review.replied_at, now=now):
            raise rules.ReplyClosed()
        review.reply_text, review.replied_at = text, now
        review.save_change("reply_text", "replied_at")
    return review
