"""Windows and reviews in every stage, made through the domain's own actions, and identity as it answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import factory

from domains.reviews import actions
from domains.reviews.models import Review, ReviewWindow
from kelmah import clock
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import ContractEnded
from kelmah.interfaces.identity.types import FoundWorker, HeldRole, Person, Profile, WorkerSearch
from kelmah.money import Money
from kelmah.principal import Principal

GOOD: Mapping[str, Mapping[str, int]] = {
    "hirer": {"quality": 5, "communication": 5, "punctuality": 4, "value": 5},
    "worker": {"clarity": 5, "payment": 4, "respect": 5},
}


class ContractEndedFactory(factory.Factory):
    class Meta:
        model = ContractEnded

    contract_id = factory.LazyFunction(new_id)
    hirer_id = factory.LazyFunction(new_id)
    worker_id = factory.LazyFunction(new_id)
    title = factory.Sequence(lambda n: f"Fit kitchen cabinets {n}")
    category = "carpentry"
    outcome = "completed"
    paid = Money(80_000, "GHS")
    ended_at = factory.LazyFunction(clock.now)


class FakePeople:
    """Identity that knows everybody it is asked about, and remembers the questions."""

    def __init__(self) -> None:
        self.failure: type[Exception] | None = None
        self.asked: list[list[UUID]] = []

    def people(self, *, ids: list[UUID]) -> list[Person]:
        self.asked.append(ids)
        if self.failure:
            raise self.failure
        return [
            Person(user_id=each, display_name=name_of(each), role="worker", locale="en", zone="UTC", status="active")
            for each in ids
        ]

    def profiles(self, *, ids: list[UUID]) -> list[Profile]:
        return []

    def grants(self, *, user_id: UUID) -> list[HeldRole]:
        return []

    def restricted_among(self, *, ids: list[UUID], permission: str) -> list[UUID]:
        return []

    def find_workers(self, *, wanted: WorkerSearch, limit: int) -> list[FoundWorker]:
        return []


def name_of(user_id: UUID) -> str:
    return f"Member {str(user_id)[-4:]}"


def open_window(*, ended_at: datetime | None = None, **event: Any) -> ReviewWindow:
    ended = ContractEndedFactory(**event, **({"ended_at": ended_at} if ended_at else {}))
    window = actions.open_window(
        contract_id=ended.contract_id,
        hirer_id=ended.hirer_id,
        worker_id=ended.worker_id,
        title=ended.title,
        category=ended.category,
        ended_at=ended.ended_at,
    )
    assert window is not None
    return window


def somebody(user_id: UUID, role: str = "worker") -> Principal:
    return Principal(user_id=user_id, roles=frozenset({role}), session_id=new_id())


def as_hirer(window: ReviewWindow) -> Principal:
    return somebody(window.hirer_id, "hirer")


def as_worker(window: ReviewWindow) -> Principal:
    return somebody(window.worker_id, "worker")


def write(window: ReviewWindow, by: Principal, **review: Any) -> Review:
    side = "hirer" if by.user_id == window.hirer_id else "worker"
    said = {"ratings": GOOD[side], "text": "As agreed.", "private_feedback": ""} | review
    return actions.submit_review(contract_id=window.contract_id, by=by, **said)


def both_written(**event: Any) -> tuple[Review, Review]:
    """Published reviews: the hirer's of the worker, and the worker's of the hirer."""
    window = open_window(**event)
    first = write(window, as_hirer(window))
    second = write(window, as_worker(window))
    return Review.objects.select_related("window").get(id=first.id), second
