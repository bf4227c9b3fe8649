"""What reviews gives back to somebody, and how it forgets them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Q

from domains.reviews.models import Reputation, Review, ReviewWindow
from kelmah.db import atomic
from kelmah.events.publish import enqueue, publish
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.privacy import ERASED, Asked, Hold
from kelmah.interfaces.reviews.events import PersonAnswered
from kelmah.privacy import answered, forget_traces, hand_over, records_of


def answer(asked: Asked) -> None:
    """Check or erase now, copy by a task."""
    with atomic("reviews"):
        if asked.step == "export":
            enqueue("reviews.export_person", request_id=str(asked.request_id), user_id=str(asked.user_id))
        else:
            publish(answered(PersonAnswered, asked, holds_on=holds_on, erase=_erase))


def export_person(*, request_id: UUID, user_id: UUID) -> None:
    """Bring everything to files. Again is safe. Raises Unavailable."""
    counts = hand_over(
        _sections(user_id), domain="reviews", request_id=request_id, user_id=user_id, keep=files.keep_export_part
    )
    with atomic("reviews"):
        publish(PersonAnswered(request_id=request_id, user_id=user_id, step="export", holds=[], counts=counts))


def holds_on(user_id: UUID) -> list[Hold]:
    """Nothing here stands against an erasure: an open window closes by itself."""
    return []


# Private functions


def _sections(user_id: UUID) -> dict[str, Iterator[dict[str, Any]]]:
    # What the other side told us in confidence is theirs, and what is hidden is hidden from its subject.
    about = Review.objects.filter(subject_id=user_id, state="published").order_by("submitted_at")
    return {
        "written": records_of(Review.objects.filter(author_id=user_id).order_by("submitted_at")),
        "about_me": records_of(about, without=["private_feedback"]),
        "reputation": records_of(Reputation.objects.filter(user_id=user_id)),
    }


def _erase(user_id: UUID) -> dict[str, int]:
    """Stars stay, in the figures of others and of the category; every word by and about the person goes."""
    mine = Review.objects.filter(Q(author_id=user_id) | Q(subject_id=user_id))
    titles = ReviewWindow.objects.filter(hirer_id=user_id)
    return {
        "texts": mine.exclude(text="", private_feedback="").update(text="", private_feedback=""),
        "replies": mine.exclude(reply_text__in=["", ERASED]).update(reply_text=ERASED),
        "titles": titles.exclude(title=ERASED).update(title=ERASED),
        "reputation": Reputation.objects.filter(user_id=user_id).delete()[0],
        "traces": forget_traces("reviews", user_id),
    }
