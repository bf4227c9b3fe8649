"""What reviews hears, and that hearing it twice is safe."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError

from domains.reviews import handlers
from domains.reviews.models import Deadline, Inbox, ReviewWindow
from domains.reviews.tasks import run_deadlines
from kelmah.db import atomic
from kelmah.events.serialization import encode_event
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import ContractEnded
from kelmah.money import Money
from tests.reviews.factories import ContractEndedFactory, as_hirer, as_worker, write

pytestmark = pytest.mark.domain("reviews")


def hear(event: ContractEnded, *, times: int = 2) -> None:
    for _ in range(times):
        with atomic("reviews"):
            handlers.on_contract_ended(event)


def test_the_end_of_a_paid_contract_opens_one_window_for_fourteen_days():
    event = ContractEndedFactory()
    hear(event)
    window = ReviewWindow.objects.get()
    assert (window.contract_id, window.hirer_id, window.worker_id, window.title, window.category) == (
        event.contract_id, event.hirer_id, event.worker_id, event.title, event.category,
    )  # fmt: skip
    assert (window.state, window.closes_at) == ("open", event.ended_at + timedelta(days=14))
    assert Deadline.objects.get().due_at == window.closes_at


@pytest.mark.parametrize("outcome", ["completed", "cancelled", "terminated"])
@pytest.mark.parametrize(("paid", "windows"), [(0, 0), (1, 1)])
def test_only_where_money_moved_there_is_something_to_review(outcome, paid, windows):
    hear(ContractEndedFactory(outcome=outcome, paid=Money(paid, "GHS")))
    assert ReviewWindow.objects.count() == windows


def test_hearing_of_the_end_again_after_publication_opens_nothing():
    event = ContractEndedFactory()
    hear(event, times=1)
    window = ReviewWindow.objects.get()
    write(window, as_hirer(window))
    write(window, as_worker(window))
    hear(event)
    assert ReviewWindow.objects.get().state == "published"
    assert not Deadline.objects.filter(done_at__isnull=True).exists()


def test_an_end_that_is_heard_weeks_late_closes_at_once(clock):
    ended_at = clock.now()
    clock.advance(days=20)
    hear(ContractEndedFactory(ended_at=ended_at))
    assert run_deadlines() == 1
    assert ReviewWindow.objects.get().state == "published"


def deliver(event: ContractEnded, *, event_id) -> None:
    """As the relay of contracts puts it into our inbox."""
    Inbox.objects.create(
        event_id=event_id,
        handler="domains.reviews.handlers.on_contract_ended",
        source="contracts",
        topic=event.topic,
        event_version=event.version,
        key=event.key,
        payload=json.loads(encode_event(event)),
        occurred_at=event.ended_at,
    )


def test_what_arrives_in_the_inbox_is_heard_once(drain):
    event, event_id = ContractEndedFactory(), new_id()
    deliver(event, event_id=event_id)
    with pytest.raises(IntegrityError), atomic("reviews"):
        deliver(event, event_id=event_id)
    deliver(event, event_id=new_id())  # published twice, by a publisher who forgot
    drain()
    assert ReviewWindow.objects.get().contract_id == event.contract_id
    assert not Inbox.objects.filter(completed_at__isnull=True).exists()
