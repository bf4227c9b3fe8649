"""Papers across domains: pictures lie in files, people decide at identity's desk, messaging tells."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.storage import default_storage
from django.test import Client

if not configured.IDENTITY_IS_LOCAL:
    pytest.skip("the desk is where identity is", allow_module_level=True)

from domains.files.models import File
from domains.identity import tasks
from domains.messaging.models import Notification
from kelmah import clock
from kelmah.testing.client import ApiClient
from tests.files.factories import PNG, send
from tests.identity.factories import log_in
from tests.identity.paper_factories import member

pytestmark = pytest.mark.domain("identity", "files", "messaging")

NUMBER = "GHA-712345678-5"


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def uploaded(me: ApiClient) -> str:
    announced = {"name": "card.png", "content_type": "image/png", "size": len(PNG), "kind": "identity"}
    upload = me.post("/files/uploads", announced).json
    assert send(upload["upload"]["url"], PNG).status == 204
    assert me.post(f"/files/uploads/{upload['file_id']}/complete", {}).status == 200
    return str(upload["file_id"])


def test_from_the_upload_to_the_letter(api: ApiClient, desk: Client, drain: Any) -> None:
    kofi = member(display_name="Kofi Boateng")
    me = api.with_token(log_in(kofi).access_token)
    paper = {
        "kind": "national_id", "file_ids": [uploaded(me)], "name": "Kofi Boateng", "number": NUMBER,
        "born": "1990-04-12", "country": "GH", "expires_on": str(clock.now().date() + timedelta(days=900)),
    }  # fmt: skip
    sent = me.post("/me/verification/documents", paper)
    assert sent.status == 201
    tasks.check_document(sent.json["id"])

    page = desk.post("/admin/identity/document/next", follow=True).content.decode()
    assert NUMBER in page
    address = f"/admin/identity/document/{sent.json['id']}/files/{paper['file_ids'][0]}"
    assert address in page
    link = desk.get(address).headers["Location"]
    picture = Client().get(link)
    assert b"".join(picture.streaming_content) == PNG
    assert picture.headers["Content-Type"] == "image/png"

    change = f"/admin/identity/document/{sent.json['id']}/change/"
    desk.post(change, {"do": "reject", "reason": "not_as_typed", "note": "Another surname"})
    told = me.get(f"/me/verification/documents/{sent.json['id']}").json
    assert (told["state"], told["reason"]) == ("rejected", "not_as_typed")
    drain()
    bodies = " ".join(Notification.objects.filter(user_id=kofi.id).values_list("body", flat=True))
    assert "national ID (it does not say what you typed)" in bodies
    assert "surname" not in bodies


def test_a_file_of_another_kind_or_of_somebody_else_is_no_paper(api: ApiClient) -> None:
    kofi, ama = (api.with_token(log_in(member()).access_token) for _ in range(2))
    answer = kofi.post("/me/verification/documents", {"kind": "photo", "file_ids": [uploaded(ama)]})
    assert (answer.status, answer.json["errors"][0]["code"]) == (400, "unknown_file")


def test_what_lies_in_the_storage_is_noise(api: ApiClient) -> None:
    file_id = uploaded(api.with_token(log_in(member()).access_token))
    with default_storage.open(File.objects.get(id=file_id).storage_key) as stored:
        assert PNG[:8] not in stored.read()
