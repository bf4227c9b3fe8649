"""What messaging forgets of somebody."""

import pytest

from domains.messaging import actions
from domains.messaging.actions import privacy
from domains.messaging.models import Contact, Conversation, Message, Notification
from kelmah.ids import new_id
from kelmah.interfaces.messaging.events import PersonAnswered
from kelmah.interfaces.privacy import ERASED, Asked
from kelmah.testing.databases import rows_of
from tests.messaging.factories import ContactFactory, NoticeFactory, conversation, say

pytestmark = pytest.mark.domain("messaging")


def erase(user_id) -> None:
    privacy.answer(Asked(request_id=new_id(), user_id=user_id, step="erase"))


def test_their_messages_become_stones_and_those_of_others_stay(published):
    ama, kofi = new_id(), new_id()
    room = conversation(members=(ama, kofi))
    say(room, by=kofi, text="I am Kofi, 0244 123456", client_id="kofi-phone-1")
    say(room, by=ama, text="Akwaaba!")
    erase(kofi)
    (his, hers) = Message.objects.order_by("seq")
    assert (his.seq, his.text, his.file_count, his.client_id) == (1, ERASED, 0, str(his.id))
    assert hers.text == "Akwaaba!"
    assert Conversation.objects.get().title == ERASED
    assert say(room, by=ama, text="Still there?").seq == 3
    erase(kofi)
    assert published.of(PersonAnswered)[-1].counts == {}


def test_what_they_were_told_goes_and_what_others_were_told_of_them_loses_its_words():
    ama, kofi, contract = new_id(), new_id(), str(new_id())
    for user_id in (ama, kofi):
        ContactFactory(user_id=user_id)
    actions.notify(event_id=new_id(), notices=[NoticeFactory(user_id=kofi, body="Kofi, you were paid")])
    about = NoticeFactory(user_id=ama, body="Kofi's work", data={"contract_id": contract, "worker_id": str(kofi)})
    other = NoticeFactory(user_id=ama, body="Esi's work", data={"contract_id": contract, "worker_id": str(new_id())})
    for notice in (about, other):
        actions.notify(event_id=new_id(), notices=[notice])
    erase(kofi)
    assert sorted(Notification.objects.values_list("user_id", "body")) == [(ama, "Esi's work"), (ama, ERASED)]
    assert list(Contact.objects.values_list("user_id", flat=True)) == [ama]
    assert "Kofi" not in str(rows_of("messaging", ["notification", "delivery", "contact", "inbox", "message"]))
