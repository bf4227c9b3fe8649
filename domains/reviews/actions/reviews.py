"""Opening the window, writing blind, and revealing both sides at once."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from domains.reviews import queries, rules
from domains.reviews.actions.reputation import count_in
from domains.reviews.models import Deadline, Review, ReviewWindow
from kelmah import clock, deadlines
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.events.publish import publish
from kelmah.interfaces.reviews.events import ReviewPublished, ReviewSubmitted
from kelmah.principal import Principal

CLOSE = "close_window"


def open_window(
    *, contract_id: UUID, hirer_id: UUID, worker_id: UUID, title: str, category: str, ended_at: datetime
) -> ReviewWindow | None:
    """Both sides of an ended contract may write for 14 days; None when the window was opened before."""
    with atomic("reviews"):
        closes_at = ended_at + rules.BLIND_FOR
        window, made = ReviewWindow.objects.get_or_create(
            contract_id=contract_id,
            defaults={
                "hirer_id": hirer_id,
                "worker_id": worker_id,
                "title": title,
                "category": category,
                "opened_at": clock.now(),
                "closes_at": closes_at,
            },
        )
        if not made:
            return None
        deadlines.schedule(Deadline, subject_id=window.contract_id, kind=CLOSE, due_at=closes_at, version=1)
    return window


def submit_review(
    *, contract_id: UUID, by: Principal, ratings: Mapping[str, int], text: str, private_feedback: str
) -> Review:
    """One side writes, blind; with the second review both are published.

    Raises NotFound, WindowClosed, AlreadyReviewed, InvalidInput.
    """
    with atomic("reviews"):
        window = queries.lock_window_of(contract_id)  # of two written at once, the second must see the first
        role = _side(window, by.user_id)
        rules.check_ratings(ratings, author_role=role)
        if window.reviews.filter(author_role=role).exists():
            raise rules.AlreadyReviewed()
        if window.state != "open" or clock.now() >= window.closes_at:
            raise rules.WindowClosed()
        review = Review.objects.create(
            window=window,
            author_id=by.user_id,
            subject_id=window.worker_id if role == "hirer" else window.hirer_id,
            author_role=role,
            stars=rules.overall(ratings),
            text=text,
            private_feedback=private_feedback,
            submitted_at=clock.now(),
            **ratings,
        )
        publish(
            ReviewSubmitted(
                contract_id=window.contract_id,
                author_id=review.author_id,
                subject_id=review.subject_id,
                author_role=role,
                title=window.title,
            )
        )
        if window.reviews.filter(author_role=rules.other_side(role)).exists():
            _reveal(window, step="reveal")
            deadlines.cancel(Deadline, subject_id=window.contract_id, kind=CLOSE)
            review.refresh_from_db()
    return review


def close_window(*, subject_id: UUID, subject_version: int) -> None:
    """After 14 days what was written is published, though the other side was silent."""
    with atomic("reviews"):
        window = queries.lock_window_of(subject_id)  # the second review may be on its way
        if window.state == "open":
            _reveal(window, step="close")


# Private functions


def _side(window: ReviewWindow, user_id: UUID) -> str:
    if user_id == window.hirer_id:
        return "hirer"
    if user_id == window.worker_id:
        return "worker"
    raise NotFound("There is nothing to review here.")


def _reveal(window: ReviewWindow, *, step: str) -> None:
    window.state = rules.WINDOW.check(step, window.state)
    window.save(update_fields=["state"])
    published, now = list(window.reviews.order_by("submitted_at")), clock.now()
    for review in published:
        review.state, review.published_at = rules.REVIEW.check("publish", review.state), now
        review.save_change("state", "published_at")
        publish(
            ReviewPublished(
                review_id=review.id,
                contract_id=window.contract_id,
                author_id=review.author_id,
                subject_id=review.subject_id,
                title=window.title,
            )
        )
    count_in(published, category=window.category)
