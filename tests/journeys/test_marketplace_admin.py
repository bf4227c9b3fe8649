"""Staff's desk for marketplace, with identity beside it: every page opens, nothing can be edited, actions act."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

if not settings.IDENTITY_IS_LOCAL:
    pytest.skip("the desk is where identity is", allow_module_level=True)

from django.contrib import admin

from domains.marketplace.models import Job, JobSkill, Skill
from tests.marketplace.factories import CABINETS, JobFactory, OfferFactory

pytestmark = pytest.mark.domain("identity", "marketplace")

MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label == "marketplace"),
    key=lambda model: model.__name__,
)


@pytest.fixture
def offer() -> Any:
    return OfferFactory(proposal__job__in_osu=True, proposal__job__asks_for=[CABINETS])


def test_the_desk_knows_the_tables_that_matter() -> None:
    names = {model.__name__ for model in MODELS}
    assert names == {"Category", "Deadline", "Inbox", "Job", "Offer", "Outbox", "Proposal", "Skill"}
    assert JobSkill not in MODELS


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_opens_and_can_be_searched(desk: Client, offer: Any, model: Any) -> None:
    path = f"/admin/marketplace/{model._meta.model_name}/"
    assert desk.get(path).status_code == 200
    assert desk.get(path, {"q": "cabinet"}).status_code == 200
    assert desk.get(f"{path}add/").status_code == 403


@pytest.mark.parametrize("model", [model for model in MODELS if model.__name__ not in ("Deadline", "Inbox", "Outbox")])
def test_every_thing_opens_and_cannot_be_changed(desk: Client, offer: Any, model: Any) -> None:
    thing = model.objects.first()
    path = f"/admin/marketplace/{model._meta.model_name}/{thing.pk}/"
    assert desk.get(f"{path}change/").status_code == 200
    assert desk.post(f"{path}change/", {"state": "filled", "name": "Mine"}).status_code == 403
    assert desk.post(f"{path}delete/", {"post": "yes"}).status_code == 403


def act(desk: Client, model: str, action: str, *ids: Any, **more: Any) -> str:
    body = {"action": action, "_selected_action": [str(each) for each in ids], **more}
    answer = desk.post(f"/admin/marketplace/{model}/", body, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_job_is_removed_with_a_reason_only(desk: Client) -> None:
    job, filled = JobFactory(), JobFactory(state="filled")
    assert "Say why" in act(desk, "job", "remove", job.id, reason="")
    assert Job.objects.get(id=job.id).state == "open"
    page = act(desk, "job", "remove", job.id, filled.id, reason="Asks for money up front.")
    assert "removed." in page
    assert "it has reached its end" in page
    removed = Job.objects.get(id=job.id)
    assert (removed.state, removed.removal_reason) == ("removed", "Asks for money up front.")
    assert Job.objects.get(id=filled.id).state == "filled"


def test_a_skill_is_retired_and_brought_back(desk: Client) -> None:
    act(desk, "skill", "retire", CABINETS)
    assert not Skill.objects.get(id=CABINETS).active
    act(desk, "skill", "restore", CABINETS)
    assert Skill.objects.get(id=CABINETS).active
    assert "1 changed" in act(desk, "category", "retire", "plumbing")


def test_members_are_not_let_in(offer: Any) -> None:
    assert Client().get("/admin/marketplace/job/").status_code == 302
