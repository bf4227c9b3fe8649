"""Staff's desk for files and reviews: every thing opens and nothing can be edited, least of all what was said."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

if not configured.IDENTITY_IS_LOCAL:
    pytest.skip("the desk is where identity is", allow_module_level=True)

from domains.files import actions
from domains.files.models import File
from domains.reviews.models import CategoryMean, Deadline, Reputation, Review, ReviewWindow
from tests.files.factories import member, ready_file
from tests.reviews.factories import both_written, open_window

pytestmark = pytest.mark.domain("identity", "files", "reviews")


@pytest.fixture(autouse=True)
def things(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    owner = member()
    file = ready_file(by=owner)
    actions.share_files(ids=[file.id], owner_id=owner.user_id, reader_ids=[member().user_id], context="milestone:1")
    both_written()
    open_window()


@pytest.mark.parametrize("model", [File, ReviewWindow, Review, Reputation, CategoryMean, Deadline])
def test_every_thing_opens_and_cannot_be_changed(desk: Client, model: Any) -> None:
    thing = model.objects.first()
    before = model.objects.values().get(pk=thing.pk)
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{thing.pk}/"
    assert desk.get(f"{path}change/").status_code == 200
    assert desk.post(f"{path}change/", {"state": "deleted", "text": "Mine"}).status_code == 403
    assert desk.post(f"{path}delete/", {"post": "yes"}).status_code == 403
    assert model.objects.values().get(pk=thing.pk) == before


def test_things_are_found_by_their_ids(desk: Client) -> None:
    review = Review.objects.get(author_role="hirer")
    for model, wanted in (("review", review.subject_id), ("reviewwindow", review.window.contract_id)):
        page = desk.get(f"/admin/reviews/{model}/", {"q": str(wanted)})
        assert page.status_code == 200
        assert page.context["cl"].result_count >= 1
    assert desk.get("/admin/files/file/", {"q": str(File.objects.get().owner_id)}).context["cl"].result_count == 1
