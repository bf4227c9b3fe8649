"""Two live processes behind one Redis: whoever is connected where, everybody gets everything, in order and once."""


import pytest

from tests.messaging.live_system import Phone
from tests.messaging.factories import conversation

pytestmark = [pytest.mark.slow, pytest.mark.domain("messaging", transaction=True)]


def test_a_message_sent_at_one_process_arrives_at_the_other_and_on_the_senders_other_phone(start_live, play):
    one, two = start_live(), start_live()
    room = conversation()

    async def story():
        ama, kofi = await Phone(room.first_id).connect(one.url), await Phone(room.second_id).connect(two.url)
        tablet = await Phone(room.first_id).connect(two.url)
        for phone in (ama, kofi, tablet):
            assert (await phone.subscribe(room.id))["seq"] == 0
        ack = await ama.say(room.id, "Akwaaba!")
        assert ack["seq"] == 1
        for phone in (ama, kofi, tablet):
            await phone.wait_for_seq(room.id, 1)
            assert [(m["id"], m["text"]) for m in phone.got] == [(ack["message_id"], "Akwaaba!")]

    play(story())
