"""Facts about reviews and reputation."""

from dataclasses import dataclass
from uuid import UUID

from kelmah.events.event import Event
from kelmah.interfaces.privacy import Answered


@dataclass(frozen=True, kw_only=True)
class ReviewSubmitted(Event, domain="reviews", key="contract_id", to=("messaging",)):
    """One side has written; the other learns that, not what. ``author_role`` is ``hirer`` or ``worker``."""

    contract_id: UUID
    author_id: UUID
    subject_id: UUID
    author_role: str
    title: str


@dataclass(frozen=True, kw_only=True)
class ReviewPublished(Event, domain="reviews", key="contract_id", to=("messaging",)):
    """Both sides have written, or 14 days have passed: the review can be read."""

    review_id: UUID
    contract_id: UUID
    author_id: UUID
    subject_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class ReputationChanged(Event, domain="reviews", key="user_id", to=("identity",)):
    """``stars`` is the Bayesian mean in hundredths (437 is 4.37) over ``reviews`` published reviews."""

    user_id: UUID
    stars: int
    reviews: int


@dataclass(frozen=True, kw_only=True)
class PersonAnswered(Answered, Event, domain="reviews", key="user_id", to=("identity",)):
    """What reviews did for a request about somebody's data."""
