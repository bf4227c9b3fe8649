"""Who may review whom, for how long, and what stars come out of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from kelmah.errors import Conflict, FieldError, Forbidden, InvalidInput
from kelmah.transitions import StateTable, Transition

BLIND_FOR: Final = timedelta(days=14)
REPLY_WITHIN: Final = timedelta(days=28)

# What each side is asked about the other: axes of the hirer's review of the worker, and the other way round.
AXES: Final[Mapping[str, tuple[str, ...]]] = {
    "hirer": ("quality", "communication", "punctuality", "value"),
    "worker": ("clarity", "payment", "respect"),
}

# Bayesian mean (C*m + sum) / (C + n): C weighs like eight reviews; m is the category's mean once it stands on
# enough reviews of its own, and a plain four stars before.
PRIOR_WEIGHT: Final = 8
PRIOR_NEEDS: Final = 20
NEUTRAL_STARS: Final = 400

WINDOW = StateTable(
    "review window",
    [
        Transition("reveal", "open", "published", "system", guard="both sides have written", event="ReviewPublished"),
        Transition("close", "open", "published", "system", deadline="14 days", event="ReviewPublished"),
    ],
    initial="open",
    final=("published",),
)

REVIEW = StateTable(
    "review",
    [
        Transition(
            "publish", "hidden", "published", "system", guard="its window is published", event="ReviewPublished"
        ),
        Transition("reply", "published", "published", "subject", guard="once, within 28 days"),
    ],
    initial="hidden",
    final=("published",),
)


class WindowClosed(Conflict):
    code, title = "review_window_closed", "The time to review this contract is over"


class AlreadyReviewed(Conflict):
    code, title = "already_reviewed", "You have reviewed this contract already"


class NotTheSubject(Forbidden):
    code, title = "not_the_subject", "Only the person who was reviewed may reply"


class ReplyClosed(Conflict):
    code, title = "reply_closed", "A reply is possible once, within 28 days of publication"


def other_side(role: str) -> str:
    return "worker" if role == "hirer" else "hirer"


def may_reply(*, published_at: datetime | None, replied_at: datetime | None, now: datetime) -> bool:
    """Whether the time for the one reply has come and is not over."""
    return published_at is not None and replied_at is None and now <= published_at + REPLY_WITHIN


def check_ratings(ratings: Mapping[str, int], *, author_role: str) -> None:
    """Every axis of the author's side and no other. Raises InvalidInput, axis by axis."""
    axes = AXES[author_role]
    errors = [
        FieldError(f"/ratings/{axis}", "required", "Rate this from 1 to 5.") for axis in axes if axis not in ratings
    ]
    errors += [
        FieldError(f"/ratings/{axis}", "unknown_field", f"A {author_role} rates {', '.join(axes)}.")
        for axis in ratings
        if axis not in axes
    ]
    if errors:
        raise InvalidInput(errors=errors)


def overall(ratings: Mapping[str, int]) -> int:
    """The mean of the axes in hundredths of a star, half to even."""
    return _divided(100 * sum(ratings.values()), len(ratings))


def category_prior(*, total: int, count: int) -> int:
    """The category's mean in hundredths, or four stars while the category is too young to have one."""
    return _divided(total, count) if count >= PRIOR_NEEDS else NEUTRAL_STARS


def bayesian_mean(*, total: int, count: int, prior: int) -> int:
    """Stars in hundredths: ``total`` hundredths over ``count`` reviews, pulled towards ``prior`` while they are few."""
    return _divided(PRIOR_WEIGHT * prior + total, PRIOR_WEIGHT + count)


def _divided(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))
