"""Staff's desk for messaging, with identity beside it: every page opens, nothing can be edited, no text is shown."""

from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

if not settings.IDENTITY_IS_LOCAL:
    pytest.skip("the desk is where identity is", allow_module_level=True)

from django.contrib import admin

from domains.messaging import actions
from domains.messaging.models import Conversation, Delivery, Message, Notification
from kelmah.ids import new_id
from tests.messaging.factories import ContactFactory, NoticeFactory, conversation, say

pytestmark = pytest.mark.domain("identity", "messaging")

SECRET = "meet me behind the baobab"
MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label == "messaging"),
    key=lambda model: model.__name__,
)


@pytest.fixture
def things() -> Conversation:
    room = conversation()
    say(room, text=SECRET)
    contact = ContactFactory(user_id=room.first_id)
    actions.notify(event_id=new_id(), notices=[NoticeFactory(user_id=contact.user_id)])
    return room


def test_the_desk_knows_the_tables_that_matter() -> None:
    names = [model.__name__ for model in MODELS]
    assert names == ["Contact", "Conversation", "Delivery", "Inbox", "Message", "Notification", "Outbox"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_opens_and_can_be_searched(desk: Client, things: Any, model: Any) -> None:
    path = f"/admin/messaging/{model._meta.model_name}/"
    for page in (desk.get(path), desk.get(path, {"q": str(things.first_id)})):
        assert page.status_code == 200
        assert SECRET not in page.content.decode()
    assert desk.get(f"{path}add/").status_code == 403


@pytest.mark.parametrize("model", [model for model in MODELS if model.__name__ != "Inbox"], ids=lambda m: m.__name__)
def test_every_thing_opens_without_its_text_and_cannot_be_changed(desk: Client, things: Any, model: Any) -> None:
    thing = model.objects.first()
    path = f"/admin/messaging/{model._meta.model_name}/{thing.pk}/"
    page = desk.get(f"{path}change/")
    assert page.status_code == 200
    assert SECRET not in page.content.decode()
    assert desk.post(f"{path}change/", {"text": "mine", "title": "mine"}).status_code == 403
    assert desk.post(f"{path}delete/", {"post": "yes"}).status_code == 403
    assert Message.objects.get().text == SECRET


def test_staff_has_a_mail_sent_again(desk: Client, things: Any, drain: Any, settings: Any, tmp_path: Any) -> None:
    settings.MAILBOX_DIR = tmp_path
    drain()
    (letter,) = tmp_path.rglob("*.eml")
    letter.unlink()
    delivery = Delivery.objects.get()
    form = {"action": "send_again", "_selected_action": [str(delivery.pk)]}
    told = desk.post("/admin/messaging/delivery/", form, follow=True).content.decode()
    assert "will be sent again" in told
    told = unescape(desk.post("/admin/messaging/delivery/", form, follow=True).content.decode())
    assert "A delivery that is waiting can't resend" in told
    drain()
    assert len(list(tmp_path.rglob("*.eml"))) == 1
    assert Notification.objects.count() == 1
