"""Reads of reviews."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from domains.reviews.models import Review, ReviewWindow
from kelmah import clock
from kelmah.errors import NotFound
from kelmah.principal import Principal


def open_windows_of(user_id: UUID) -> QuerySet[ReviewWindow]:
    """Contracts that the user may still review: open, not yet over, and not yet written about by them."""
    written = Review.objects.filter(window=OuterRef("id"), author_id=user_id)
    return ReviewWindow.objects.filter(
        Q(hirer_id=user_id) | Q(worker_id=user_id), ~Exists(written), state="open", closes_at__gt=clock.now()
    )


def published_about(user_id: UUID) -> QuerySet[Review]:
    """What everybody may read about the user."""
    return Review.objects.filter(subject_id=user_id, state="published").select_related("window")


def access_review(*, review_id: UUID, by: Principal) -> Review:
    """A review for its author, or for anybody once it is published. Raises NotFound."""
    review = Review.objects.select_related("window").filter(id=review_id).first()
    if review is None or (review.state != "published" and review.author_id != by.user_id):
        raise NotFound("There is no such review.")
    return review


def lock_window_of(contract_id: UUID) -> ReviewWindow:
    """The contract's review window, locked until the transaction ends. Raises NotFound."""
    window = ReviewWindow.objects.select_for_update().filter(contract_id=contract_id).first()
    if window is None:
        raise NotFound("There is nothing to review here.")
    return window


def lock_published_review(review_id: UUID) -> Review:
    """A published review, locked until the transaction ends, with its window read along. Raises NotFound."""
    published = Review.objects.select_related("window").select_for_update(of=("self",))
    review = published.filter(id=review_id, state="published").first()
    if review is None:
        raise NotFound("There is no such review.")
    return review
