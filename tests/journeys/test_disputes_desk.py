"""Staff decide disputes at the desk, with a reason; who may not is offered nothing."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

if not settings.IDENTITY_IS_LOCAL:
    pytest.skip("the desk is where identity is", allow_module_level=True)

from django.contrib.contenttypes.models import ContentType

from domains.contracts.models import Dispute, Milestone
from kelmah.interfaces.contracts.events import DisputeResolved
from tests.contracts.factories import disputed_milestone

pytestmark = pytest.mark.domain("identity", "contracts")

LIST = "/admin/contracts/dispute/"


@pytest.fixture(autouse=True)
def no_types_of_another_test() -> None:
    """The rows that name models are rolled back with each test, the process's memory of them is not."""
    ContentType.objects.clear_cache()


@pytest.fixture
def dispute() -> Dispute:
    return disputed_milestone().disputes.get()


def act(desk: Client, action: str, dispute: Dispute, **more: Any) -> str:
    body = {"action": action, "_selected_action": [str(dispute.id)], **more}
    answer = desk.post(LIST, body, follow=True)
    assert answer.status_code == 200
    dispute.refresh_from_db()
    return answer.content.decode()


@pytest.mark.parametrize(
    ("action", "more", "minor"), [("award", {}, 50000), ("give_back", {}, 0), ("divide", {"part": "20000"}, 20000)]
)
def test_staff_decides_with_a_reason(desk, dispute, published, action, more, minor):
    assert "Say why" in act(desk, action, dispute, **more)
    assert dispute.state == "open"
    act(desk, action, dispute, reason="Seen on the photos", **more)
    assert (dispute.state, dispute.to_worker_minor, dispute.ruling) == ("decided", minor, "Seen on the photos")
    assert [event.to_worker.minor for event in published.of(DisputeResolved)] == [minor]


@pytest.mark.parametrize("part", ["", "a lot", "-1", "50001"])
def test_a_part_that_is_none_decides_nothing(desk, dispute, part):
    act(desk, "divide", dispute, reason="Seen on the photos", part=part)
    assert (dispute.state, Milestone.objects.get().state) == ("open", "submitted")


def test_the_desk_shows_a_dispute_and_lets_nobody_type_in_it(desk, dispute):
    assert "Two doors" in desk.get(LIST).content.decode()
    assert desk.get(f"{LIST}{dispute.id}/change/").status_code == 200
    assert desk.post(f"{LIST}{dispute.id}/change/", {"state": "decided"}).status_code == 403
