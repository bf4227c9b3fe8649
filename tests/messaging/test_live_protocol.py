"""The live protocol, spoken with a real live process as ``make run`` starts it."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from django.conf import settings as django_settings
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from domains.messaging import actions
from domains.messaging.models import Member, Message
from kelmah import clock as kelmah_clock
from kelmah.ids import new_id
from kelmah.live.process import end_session
from tests.messaging.factories import NoticeFactory, conversation, first_of, say
from tests.messaging.live_system import LiveServer, Phone

pytestmark = pytest.mark.domain("messaging", transaction=True)


@pytest.fixture(scope="module")
def clock_file(tmp_path_factory):
    return tmp_path_factory.mktemp("clock") / "clock"


@pytest.fixture(scope="module")
def live(django_db_setup, _redis, tmp_path_factory, clock_file):
    log = tmp_path_factory.mktemp("live") / "log"
    environment = {"MESSAGES_PER_MINUTE": "60", "KELMAH_CLOCK_FILE": str(clock_file), "ALLOWED_HOSTS": ""}
    server = LiveServer(redis_url=django_settings.REDIS_URL, log=log, **environment).start()
    yield server
    server.kill()
    assert "Traceback" not in server.log()


@pytest.fixture(autouse=True)
def _one_clock(monkeypatch, clock_file: Path):
    """The live process's clock is this test's."""
    monkeypatch.setenv("KELMAH_CLOCK_FILE", str(clock_file))
    yield
    clock_file.unlink(missing_ok=True)


@pytest.fixture
def room():
    return conversation()


def play(story) -> None:
    asyncio.run(story)


# The door


def test_hello_with_a_ticket_is_welcomed_with_the_limits(live, room):
    async def story():
        phone = Phone(room.first_id)
        async with connect(live.url, subprotocols=["kelmah.v1"], compression=None) as socket:
            assert socket.subprotocol == "kelmah.v1"
            await socket.send(json.dumps({"type": "hello", "ticket": phone.ticket()}))
            welcome = json.loads(await socket.recv())
        assert welcome["type"] == "welcome"
        assert welcome["session"] == str(phone.session_id)
        assert welcome["user_id"] == str(room.first_id)
        assert welcome["limits"] == {
            "frame_bytes": 65_536,
            "ping_every": 25,
            "text_characters": 5_000,
            "files": 10,
            "messages_per_minute": 60,
            "subscriptions": 100,
        }

    play(story())


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/ws", {}),
        ("/ws", {"subprotocols": ["kelmah.v9"]}),
        ("/elsewhere", {"subprotocols": ["kelmah.v1"]}),
    ],
)
def test_other_protocols_and_addresses_are_refused_before_anything_is_said(live, path, options):
    async def story():
        with pytest.raises(InvalidHandshake, match="403"):
            await connect(live.url.replace("/ws", path), **options)

    play(story())


def test_plain_http_is_told_where_to_go(live):
    base = live.url.replace("ws://", "http://").removesuffix("/ws")
    assert httpx.get(f"{base}/health/live").json() == {"status": "ok"}
    assert httpx.get(f"{base}/ws").status_code == 426


def test_a_ticket_that_was_used_opens_nothing(live, room):
    async def story():
        phone = Phone(room.first_id)
        ticket = phone.ticket()
        phone.ticket = lambda **_: ticket
        await phone.connect(live.url)
        late = Phone(room.first_id)
        late.ticket = lambda **_: ticket
        with pytest.raises(AssertionError, match="4401"):
            await late.connect(live.url)
        await phone.close()

    play(story())


def test_before_hello_only_ping_is_answered(live, room):
    async def story():
        async with connect(live.url, subprotocols=["kelmah.v1"], compression=None) as socket:
            await socket.send('{"type":"ping"}')
            assert json.loads(await socket.recv())["type"] == "pong"
            await socket.send(json.dumps({"type": "subscribe", "conversation": str(room.id)}))
            assert json.loads(await socket.recv())["code"] == "unauthenticated"

    play(story())


def test_the_twenty_first_socket_of_a_person_is_closed(live, room):
    async def story():
        phones = [await Phone(room.first_id).connect(live.url) for _ in range(20)]
        with pytest.raises(AssertionError, match="4429"):
            await Phone(room.first_id).connect(live.url)
        await Phone(room.second_id).connect(live.url)
        await phones[0].close()
        await asyncio.sleep(0.2)
        phones.append(await Phone(room.first_id).connect(live.url))
        for phone in phones:
            await phone.close()

    play(story())


# Frames that are none


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "frame_malformed"),
        ("[" * 20_000, "frame_malformed"),
        ("{}", "frame_malformed"),
        ('{"type":"dance"}', "frame_unknown"),
        ('{"type":"send","client_id":"c1"}', "invalid_input"),
        ('{"type":"subscribe","conversation":"x"}', "invalid_input"),
    ],
)
def test_a_frame_that_is_none_is_refused_and_the_socket_stays(live, room, text, code):
    async def story():
        phone = await Phone(room.first_id).connect(live.url)
        await phone.socket.send(text)
        refusal = await phone.wait("error")
        assert refusal["code"] == code
        assert refusal.get("client_id") == ("c1" if "c1" in text else None)
        await phone.send(type="ping")
        await phone.wait("pong")
        await phone.close()

    play(story())


def test_ten_of_them_in_a_row_close_it(live, room):
    async def story():
        phone = await Phone(room.first_id).connect(live.url)
        with suppress(ConnectionClosed):
            for _ in range(10):
                await phone.socket.send("{")
        assert await phone.wait_closed() == 4400

    play(story())


@pytest.mark.parametrize(("data", "code"), [(b"\x00\x01", 1003), ("x" * 70_000, 1009), ("ɔ" * 40_000, 1009)])
def test_binary_and_oversized_frames_close_the_socket(live, room, data, code):
    async def story():
        phone = await Phone(room.first_id).connect(live.url)
        await phone.socket.send(data)
        assert await phone.wait_closed() == code

    play(story())


def test_ten_megabytes_are_not_even_read(live, room):
    async def story():
        phone = await Phone(room.first_id).connect(live.url)
        sending = asyncio.create_task(phone.socket.send("x" * 10_000_000))
        assert await phone.wait_closed() in (1009, 1006)  # 1006: the pipe broke while we were still pushing
        await asyncio.gather(sending, return_exceptions=True)

    play(story())


def test_a_flood_of_frames_is_cut_off(live, room):
    async def story():
        phone = await Phone(room.first_id).connect(live.url)
        with suppress(ConnectionClosed):
            for _ in range(400):
                await phone.send(type="ping")
        assert await phone.wait_closed() == 4429
        await (again := Phone(room.first_id)).connect(live.url)
        await again.close()

    play(story())


# Conversations


def test_somebody_elses_conversation_does_not_exist(live, room, principal):
    async def story():
        stranger = await Phone(new_id()).connect(live.url)
        member = await Phone(room.first_id).connect(live.url)
        await member.subscribe(room.id)
        for conversation_id in (room.id, new_id()):
            refusal = await stranger.subscribe(conversation_id)
            assert (refusal["type"], refusal["code"]) == ("error", "not_found")
            refusal = await stranger.say(conversation_id, client_id="c1")
            assert (refusal["type"], refusal["code"], refusal["client_id"]) == ("error", "not_found", "c1")
            await stranger.send(type="read", conversation=conversation_id, seq=0)
            assert (await stranger.wait("error"))["code"] == "not_found"
        await member.say(room.id)
        await member.wait_for_seq(room.id, 1)
        await asyncio.sleep(0.2)
        assert stranger.got == stranger.others == []
        for phone in (stranger, member):
            await phone.close()

    play(story())
    assert Message.objects.count() == 1


def test_what_was_missed_comes_first_then_what_comes(live, room):
    for _ in range(7):
        say(room)

    async def story():
        phone = await Phone(room.second_id).connect(live.url)
        assert (await phone.subscribe(room.id, since=3))["seq"] == 7
        gap = await phone.wait("gap")
        assert (gap["from"], gap["to"]) == (4, 7)
        writer = await Phone(room.first_id).connect(live.url)
        await writer.say(room.id)
        await phone.wait_for_seq(room.id, 8)
        assert phone.numbers(room.id) == [4, 5, 6, 7, 8]
        await phone.close()
        for number in range(3):
            await writer.say(room.id, f"while away {number}")
        phone = await phone.connect(live.url)  # resume travels in hello
        await phone.wait_for_seq(room.id, 11)
        assert phone.numbers(room.id) == [4, 5, 6, 7, 8, 9, 10, 11]
        for each in (phone, writer):
            await each.close()

    play(story())


def test_a_long_absence_brings_the_newest_and_says_where_they_begin(live, room, settings):
    settings.MESSAGES_PER_MINUTE = 10_000
    for start in range(0, 250, 50):
        drafts = [
            actions.draft_message(
                conversation_id=room.id, sender_id=room.first_id, client_id=f"{start}-{number}", text="x"
            )
            for number in range(50)
        ]
        actions.send_messages(drafts, patient=True)

    async def story():
        phone = await Phone(room.second_id).connect(live.url)
        assert (await phone.subscribe(room.id, since=10))["seq"] == 250
        gap = await phone.wait("gap")
        assert (gap["from"], gap["to"]) == (51, 250)
        await phone.wait_for_seq(room.id, 250)
        assert phone.numbers(room.id) == list(range(51, 251))
        await phone.close()

    play(story())


def test_subscribing_without_a_number_brings_only_what_comes(live, room):
    say(room)

    async def story():
        phone = await Phone(room.first_id).connect(live.url)
        assert (await phone.subscribe(room.id, since=None))["seq"] == 1
        await phone.say(room.id)
        await phone.wait_for_seq(room.id, 2)
        assert phone.numbers(room.id) == [2]
        await phone.close()

    play(story())


def test_a_client_that_sees_a_hole_asks_again_from_where_it_stands(live, room):
    for _ in range(4):
        say(room)

    async def story():
        phone = await Phone(room.first_id).connect(live.url)
        await phone.subscribe(room.id, since=4)
        await phone.subscribe(room.id, since=1)
        await phone.wait_for_seq(room.id, 4)
        await phone.say(room.id)
        await phone.wait_for_seq(room.id, 5)
        assert phone.numbers(room.id) == [2, 3, 4, 5]
        await phone.close()

    play(story())


def test_after_unsubscribing_nothing_comes(live, room):
    async def story():
        phone, writer = await Phone(room.second_id).connect(live.url), await Phone(room.first_id).connect(live.url)
        await phone.subscribe(room.id)
        await phone.send(type="unsubscribe", conversation=room.id)
        await phone.send(type="ping")
        await phone.wait("pong")
        await writer.say(room.id)
        await asyncio.sleep(0.2)
        assert phone.got == []
        for each in (phone, writer):
            await each.close()

    play(story())


def test_a_socket_listens_to_a_hundred_conversations(live):
    me = new_id()
    rooms = [conversation(members=(me, new_id())) for _ in range(101)]

    async def story():
        phone = await Phone(me).connect(live.url)
        for room in rooms[:100]:
            assert (await phone.subscribe(room.id))["type"] == "subscribed"
        refusal = await phone.subscribe(rooms[100].id)
        assert (refusal["type"], refusal["code"]) == ("error", "too_many_subscriptions")
        await phone.send(type="unsubscribe", conversation=rooms[0].id)
        assert (await phone.subscribe(rooms[100].id))["type"] == "subscribed"
        await phone.close()
        phone = await Phone(me, seen={str(room.id): 0 for room in rooms[:100]}).connect(live.url)
        for room in rooms[:100]:
            await phone.wait("subscribed", conversation=str(room.id))
        await phone.close()

    play(story())


# Messages


def test_a_message_sent_again_has_the_first_ack_and_is_delivered_once(live, room):
    async def story():
        phone, tablet = await Phone(room.first_id).connect(live.url), await Phone(room.first_id).connect(live.url)
        for each in (phone, tablet):
            await each.subscribe(room.id)
        acks = await asyncio.gather(
            phone.say(room.id, "one", client_id="mine"), tablet.say(room.id, "two", client_id="mine")
        )
        acks.append(await phone.say(room.id, "three", client_id="mine"))
        assert {(ack["message_id"], ack["seq"]) for ack in acks} == {(acks[0]["message_id"], 1)}
        await phone.say(room.id, "four")
        for each in (phone, tablet):
            await each.wait_for_seq(room.id, 2)
            assert each.numbers(room.id) == [1, 2]
            await each.close()

    play(story())
    assert Message.objects.count() == 2


def test_rules_are_those_of_the_rest_api(live, room):
    async def story():
        phone = await Phone(room.first_id).connect(live.url)
        for text, code in ((" ", "message_empty"), ("x" * 5_001, "invalid_input"), ("a\x00", "invalid_input")):
            refusal = await phone.say(room.id, text, client_id="c1")
            assert (refusal["type"], refusal["code"]) == ("error", code)
            assert refusal["errors"][0]["pointer"] == "/text"
        await phone.close()

    play(story())
    assert Message.objects.count() == 0


def test_the_sixty_first_message_of_a_minute_is_refused_and_insisting_closes_the_socket(live, room):
    async def story():
        phone = await Phone(room.first_id).connect(live.url)
        for _ in range(60):
            assert (await phone.say(room.id))["type"] == "ack"
        refusal = await phone.say(room.id)
        assert (refusal["type"], refusal["code"]) == ("error", "too_many_messages")
        assert 1 <= refusal["retry_after"] <= 60
        kelmah_clock.advance(seconds=61)
        assert (await phone.say(room.id))["seq"] == 61
        with suppress(ConnectionClosed):
            for number in range(75):
                await phone.send(type="send", client_id=f"flood-{number}", conversation=room.id, text="x")
                await asyncio.sleep(0.005)
        assert await phone.wait_closed() == 4429

    play(story())
    assert Message.objects.count() == 120


def test_a_message_sent_over_rest_reaches_the_sockets(live, room, api):
    async def story():
        phone = await Phone(room.second_id).connect(live.url)
        await phone.subscribe(room.id)
        body = {"client_id": "rest", "text": "by post"}
        sent = await asyncio.to_thread(api.as_(first_of(room)).post, f"/conversations/{room.id}/messages", body)
        await phone.wait_for_seq(room.id, 1)
        (frame,) = phone.got
        assert frame.pop("type") == "message"
        assert frame | {"conversation_id": frame.pop("conversation")} == sent.json
        await phone.close()

    play(story())


def test_reading_is_seen_by_the_other_side_and_ones_other_devices(live, room):
    for _ in range(3):
        say(room)

    async def story():
        ama, kofi = await Phone(room.first_id).connect(live.url), await Phone(room.second_id).connect(live.url)
        tablet = await Phone(room.second_id).connect(live.url)
        for phone in (ama, kofi, tablet):
            await phone.subscribe(room.id)
        await kofi.send(type="read", conversation=room.id, seq=2)
        for phone in (ama, tablet):
            seen = await phone.wait("read")
            assert (seen["user_id"], seen["seq"]) == (str(room.second_id), 2)
        await kofi.send(type="read", conversation=room.id, seq=9)
        assert (await kofi.wait("error"))["errors"][0]["pointer"] == "/seq"
        for phone in (ama, kofi, tablet):
            await phone.close()

    play(story())
    assert Member.objects.get(user_id=room.second_id).last_read_seq == 2


def test_a_notification_comes_to_every_socket_of_its_reader(live, room):
    async def story():
        phones = [await Phone(room.first_id).connect(live.url) for _ in range(2)]
        other = await Phone(room.second_id).connect(live.url)
        notices = [NoticeFactory(user_id=room.first_id, by_mail=False)]
        await asyncio.to_thread(lambda: actions.notify(event_id=new_id(), notices=notices))
        for phone in phones:
            told = await phone.wait("notification")
            assert (told["kind"], told["title"], told["read_at"]) == ("escrow_released", "You were paid", None)
        assert other.others == []
        for phone in (*phones, other):
            await phone.close()

    play(story())


# Time


def test_before_the_token_ends_a_new_ticket_is_asked_for_and_keeps_the_socket(live, room):
    async def story():
        phone = await Phone(room.first_id).connect(live.url)
        await phone.subscribe(room.id)
        kelmah_clock.advance(minutes=9, seconds=15)
        assert 30 <= (await phone.wait("reauth"))["within"] <= 60
        await phone.send(type="hello", ticket=phone.ticket())
        await phone.wait("welcome")
        kelmah_clock.advance(minutes=5)
        await asyncio.sleep(1.5)
        assert (await phone.say(room.id))["type"] == "ack"
        await phone.wait_for_seq(room.id, 1)
        await phone.close()

    play(story())


def test_without_a_new_ticket_the_socket_is_closed_when_the_token_ends(live, room):
    async def story():
        phone = await Phone(room.first_id).connect(live.url, seconds=30)
        assert (await phone.wait("reauth"))["within"] <= 30
        kelmah_clock.advance(seconds=31)
        assert await phone.wait_closed() == 4401

    play(story())


def test_somebody_elses_ticket_does_not_turn_one_person_into_another(live, room):
    async def story():
        phone = await Phone(room.first_id).connect(live.url)
        await phone.send(type="hello", ticket=Phone(room.second_id).ticket())
        assert await phone.wait_closed() == 4401

    play(story())


def test_an_ended_session_loses_its_sockets_at_once_and_the_other_devices_stay(live, room):
    async def story():
        stolen, own = await Phone(room.first_id).connect(live.url), await Phone(room.first_id).connect(live.url)
        await asyncio.to_thread(end_session, stolen.session_id)
        assert await stolen.wait_closed(seconds=5) == 4401
        assert (await own.say(room.id))["type"] == "ack"
        await own.close()

    play(story())
