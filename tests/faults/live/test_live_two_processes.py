"""Two live processes behind one Redis: whoever is connected where, everybody gets everything, in order and once."""

import asyncio
import signal

import pytest

from domains.messaging.models import Message
from tests.faults.live.crowd import Talker, check_books, talk
from tests.messaging.factories import conversation, group
from tests.messaging.live_system import Phone

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


def test_one_client_id_from_two_devices_at_two_processes_at_once_is_one_message(start_live, play):
    one, two = start_live(), start_live()
    room = conversation()

    async def story():
        phone, tablet = await Phone(room.first_id).connect(one.url), await Phone(room.first_id).connect(two.url)
        other = await Phone(room.second_id).connect(two.url)
        await other.subscribe(room.id)
        for number in range(1, 31):
            acks = await asyncio.gather(*(each.say(room.id, client_id=f"m-{number}") for each in (phone, tablet)))
            assert {(ack["message_id"], ack["seq"]) for ack in acks} == {(acks[0]["message_id"], number)}
        await other.wait_for_seq(room.id, 30)
        assert other.numbers(room.id) == list(range(1, 31))

    play(story())
    assert Message.objects.count() == 30


def test_clocks_that_disagree_change_no_order(start_live, play, tmp_path):
    (tmp_path / "fast").write_text("10")
    one, two = start_live(), start_live(KELMAH_CLOCK_FILE=str(tmp_path / "fast"))
    crowd = [Talker(user_id, str(room.id), ()) for room, people in (group(6) for _ in range(2)) for user_id in people]
    for number, talker in enumerate(crowd):
        talker.urls = [(one, two)[number % 2].url]
    play(talk(crowd, pause=0.02, meanwhile=asyncio.sleep(2)))
    check_books(crowd)


def test_a_stopped_process_says_goodbye_and_everybody_goes_on_at_the_other(start_live, play):
    one, two = start_live(), start_live()
    crowd = [
        Talker(user_id, str(room.id), (one.url, two.url))
        for room, people in (group(10) for _ in range(3))
        for user_id in people
    ]
    codes, statuses = [], []

    async def meanwhile():
        await asyncio.sleep(1)
        witness = await Phone(crowd[0].user_id).connect(one.url)
        statuses.append(await asyncio.to_thread(one.stop))
        codes.append(await witness.wait_closed())
        await asyncio.sleep(1)

    play(talk(crowd, pause=0.1, meanwhile=meanwhile()))
    check_books(crowd)
    assert (codes, statuses) == ([1012], [-signal.SIGTERM])  # the server ends itself as it was asked to, after its work
