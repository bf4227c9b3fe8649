"""Messaging over HTTP: the right person, the wrong one, nobody, and bad input."""

from datetime import timedelta

import pytest

from domains.messaging import actions
from domains.messaging.models import Conversation, Member, Message, Notification
from kelmah import clock as kelmah_clock
from kelmah.ids import new_id
from kelmah.live.tickets import redeem_ticket
from tests.messaging.factories import ContactFactory, NoticeFactory, conversation, first_of, say, second_of

pytestmark = pytest.mark.domain("messaging")


@pytest.fixture
def room():
    return conversation()


def message(**members):
    return {"client_id": "phone-1", "text": "Akwaaba!"} | members


# Nobody, and strangers


def routes(room):
    path = f"/conversations/{room.id}"
    return [
        ("get", path, None),
        ("get", f"{path}/messages", None),
        ("post", f"{path}/messages", message()),
        ("post", f"{path}/read", {"seq": 1}),
    ]


def test_a_stranger_learns_nothing_and_changes_nothing(api, principal, room):
    say(room)
    for method, path, body in routes(room):
        client = api.as_(principal(role="worker"))
        answer = getattr(client, method)(path, body) if body else getattr(client, method)(path)
        assert (answer.status, answer.code) == (404, "not_found"), path
    assert Message.objects.count() == 1
    assert set(Member.objects.values_list("last_read_seq", flat=True)) == {0}


def test_one_who_left_is_a_stranger(api, room):
    say(room)
    Member.objects.filter(user_id=room.second_id).update(left_at=kelmah_clock.now())
    client = api.as_(second_of(room))
    for method, path, body in routes(room):
        answer = getattr(client, method)(path, body) if body else getattr(client, method)(path)
        assert answer.status == 404, path
    assert client.get("/conversations").json["items"] == []


def test_nobody_gets_in_anywhere(api, room):
    others = [
        ("get", "/conversations", None),
        ("post", "/conversations", {"context": {"kind": "contract", "id": str(new_id())}}),
        ("post", "/live/tickets", {}),
        ("get", "/notifications", None),
        ("get", "/notifications/unread_count", None),
        ("post", f"/notifications/{new_id()}/read", {}),
    ]
    for method, path, body in routes(room) + others:
        call = getattr(api.anonymous, method)
        assert (call(path, body) if body is not None else call(path)).status == 401, path


# Conversations


def test_a_side_opens_the_conversation_once(api, neighbours, room):
    contract_id = neighbours.contracts.add(room.first_id, room.second_id)
    body = {"context": {"kind": "contract", "id": str(contract_id)}}
    first = api.as_(first_of(room)).post("/conversations", body)
    again = api.as_(second_of(room)).post("/conversations", body)
    assert (first.status, again.status) == (201, 200)
    assert first.json["id"] == again.json["id"]
    assert first.json["context"] == body["context"]


def test_somebody_elses_contract_opens_nothing(api, neighbours, principal, room):
    contract_id = neighbours.contracts.add(room.first_id, room.second_id)
    for context_id in (contract_id, new_id()):
        body = {"context": {"kind": "contract", "id": str(context_id)}}
        assert api.as_(principal(role="worker")).post("/conversations", body).status == 404
    assert Conversation.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/context", "required"),
        ({"context": "contract"}, "/context", "invalid"),
        ({"context": {"kind": "contract"}}, "/context/id", "required"),
        ({"context": {"kind": "weather", "id": str(new_id())}}, "/context/kind", "invalid_choice"),
        ({"context": {"kind": "contract", "id": "x"}}, "/context/id", "invalid"),
        ({"context": {"kind": "contract", "id": str(new_id()), "more": 1}}, "/context/more", "unknown_field"),
        ({"context": {"kind": "contract", "id": str(new_id())}, "with": []}, "/with", "unknown_field"),
    ],
)
def test_a_context_is_checked_field_by_field(api, principal, body, pointer, code):
    answer = api.as_(principal(role="hirer")).post("/conversations", body)
    assert answer.status == 400
    assert (pointer, code) in [(error["pointer"], error["code"]) for error in answer.json["errors"]]


def test_a_conversation_shows_names_unread_and_the_last_message(api, room):
    ContactFactory(user_id=room.first_id, display_name="Ama")
    say(room, text="one")
    say(room, by=room.second_id, text="two")
    card = api.as_(first_of(room)).get(f"/conversations/{room.id}").json
    assert card["members"] == [
        {"user_id": str(room.first_id), "display_name": "Ama", "last_read_seq": 0},
        {"user_id": str(room.second_id), "display_name": None, "last_read_seq": 0},
    ]
    assert (card["unread"], card["last_seq"], card["last_message"]["text"]) == (1, 2, "two")
    assert card == api.as_(first_of(room)).get("/conversations").json["items"][0]


def test_an_empty_conversation_has_no_last_message(api, room):
    card = api.as_(first_of(room)).get(f"/conversations/{room.id}").json
    assert (card["unread"], card["last_seq"], card["last_message"]) == (0, 0, None)


def test_my_conversations_come_in_pages_most_lively_first(api, clock):
    me, rooms = new_id(), []
    for _ in range(5):
        clock.advance(minutes=1)
        rooms.append(conversation(members=(me, new_id())))
    conversation()
    clock.advance(minutes=1)
    say(rooms[1], by=me)
    expected = [str(rooms[place].id) for place in (1, 4, 3, 2, 0)]
    client = api.as_(first_of(rooms[0]) if rooms[0].first_id == me else second_of(rooms[0]))
    found, path = [], "/conversations?limit=2"
    while path:
        page = client.get(path)
        found += [item["id"] for item in page.json["items"]]
        path = page.json["next"] and f"/conversations?limit=2&cursor={page.json['next']}"
    assert found == expected


def test_a_page_that_is_exactly_full_has_no_next(api, room):
    assert api.as_(first_of(room)).get("/conversations", limit=1).json["next"] is None


@pytest.mark.in_process
def test_a_list_takes_one_statement_however_long(api, room, django_assert_num_queries):
    client = api.as_(first_of(room))
    for length in (1, 20):
        while Member.objects.filter(user_id=room.first_id).count() < length:
            say(conversation(members=(room.first_id, new_id())), by=room.first_id)
        with django_assert_num_queries(1, using="messaging"):
            assert len(client.get("/conversations", limit=50).json["items"]) == length


# Messages


def test_a_message_is_sent_and_read_as_it_was_answered(api, room):
    sent = api.as_(first_of(room)).post(f"/conversations/{room.id}/messages", message())
    assert sent.status == 201
    assert sent.json | {"id": "", "created_at": ""} == {
        "id": "",
        "conversation_id": str(room.id),
        "seq": 1,
        "sender_id": str(room.first_id),
        "client_id": "phone-1",
        "text": "Akwaaba!",
        "files": [],
        "created_at": "",
    }
    assert api.as_(second_of(room)).get(f"/conversations/{room.id}/messages").json == {"items": [sent.json]}


def test_the_same_client_id_gets_the_first_answer(api, room):
    client, path = api.as_(first_of(room)), f"/conversations/{room.id}/messages"
    first = client.post(path, message())
    again = client.post(path, message(text="other words"))
    assert (again.status, again.json) == (201, first.json)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"text": "x"}, "/client_id"),
        (message(client_id=""), "/client_id"),
        (message(client_id="a" * 65), "/client_id"),
        (message(client_id="two words"), "/client_id"),
        (message(client_id=5), "/client_id"),
        (message(text=""), "/text"),
        (message(text="   "), "/text"),
        (message(text="x" * 5_001), "/text"),
        (message(text="a\x00b"), "/text"),
        (message(text=5), "/text"),
        (message(text=None), "/text"),
        (message(file_ids="x"), "/file_ids"),
        (message(file_ids=["x"]), "/file_ids/0"),
        (message(file_ids=[str(new_id()) for _ in range(11)]), "/file_ids"),
        (message(seq=1), "/seq"),
        (message(sender_id=str(new_id())), "/sender_id"),
    ],
)
def test_a_message_is_checked_field_by_field(api, room, body, pointer):
    answer = api.as_(first_of(room)).post(f"/conversations/{room.id}/messages", body)
    assert answer.status == 400
    assert pointer in [error["pointer"] for error in answer.json["errors"]]
    assert Message.objects.count() == 0


@pytest.mark.in_process
def test_a_hasty_writer_is_told_when_to_come_back(api, room, settings):
    settings.MESSAGES_PER_MINUTE = 2
    client, path = api.as_(first_of(room)), f"/conversations/{room.id}/messages"
    answers = [client.post(path, message(client_id=str(number))) for number in range(3)]
    assert [answer.status for answer in answers] == [201, 201, 429]
    assert answers[2].code == "too_many_messages"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60


def test_a_file_travels_with_its_message(api, room, neighbours):
    file_id = neighbours.files.add(room.first_id)
    body = message(text="", file_ids=[str(file_id)])
    sent = api.as_(first_of(room)).post(f"/conversations/{room.id}/messages", body)
    attached = {"file_id": str(file_id), "name": "sketch.png", "content_type": "image/png", "size": 68}
    assert (sent.status, sent.json["files"]) == (201, [attached])
    assert api.as_(second_of(room)).get(f"/conversations/{room.id}/messages").json["items"][0]["files"] == [attached]


def test_somebody_elses_file_sends_nothing(api, room, neighbours):
    body = message(file_ids=[str(neighbours.files.add(room.second_id))])
    answer = api.as_(first_of(room)).post(f"/conversations/{room.id}/messages", body)
    assert (answer.status, answer.code) == (422, "file_not_attachable")
    assert Message.objects.count() == 0


def numbers(answer):
    return [item["seq"] for item in answer.json["items"]]


def test_history_is_paged_by_numbers_in_both_directions(api, room):
    for _ in range(9):
        say(room)
    client, path = api.as_(second_of(room)), f"/conversations/{room.id}/messages"
    assert numbers(client.get(path, limit=4)) == [9, 8, 7, 6]
    assert numbers(client.get(path, limit=4, before_seq=6)) == [5, 4, 3, 2]
    assert numbers(client.get(path, limit=4, before_seq=1)) == []
    assert numbers(client.get(path, limit=4, after_seq=0)) == [1, 2, 3, 4]
    assert numbers(client.get(path, limit=4, after_seq=7)) == [8, 9]
    assert numbers(client.get(path, after_seq=2, before_seq=6)) == [3, 4, 5]


def test_paging_is_not_disturbed_by_messages_that_arrive_meanwhile(api, room):
    for _ in range(6):
        say(room)
    client, path = api.as_(second_of(room)), f"/conversations/{room.id}/messages"
    first = numbers(client.get(path, limit=3))
    say(room)
    assert first + numbers(client.get(path, limit=3, before_seq=first[-1])) == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("query", ["before_seq=0", "after_seq=-1", "limit=0", "limit=101", "before_seq=x", "page=2"])
def test_a_history_query_is_checked(api, room, query):
    assert api.as_(first_of(room)).get(f"/conversations/{room.id}/messages?{query}").status == 400


@pytest.mark.in_process
def test_history_takes_one_statement_however_long(api, room, neighbours, django_assert_num_queries):
    client = api.as_(second_of(room))
    for length in (1, 40):
        while Message.objects.count() < length:
            draft = actions.draft_message(
                conversation_id=room.id,
                sender_id=room.first_id,
                client_id=str(new_id()),
                text="with files",
                file_ids=[neighbours.files.add(room.first_id)],
            )
            actions.send_message(draft)
        with django_assert_num_queries(1, using="messaging"):
            assert len(client.get(f"/conversations/{room.id}/messages", limit=100).json["items"]) == length


def test_reading_answers_what_is_left(api, room):
    for _ in range(3):
        say(room)
    path = f"/conversations/{room.id}/read"
    assert api.as_(second_of(room)).post(path, {"seq": 2}).json == {"unread": 1}
    assert api.as_(second_of(room)).post(path, {"seq": 1}).json == {"unread": 1}
    assert api.as_(first_of(room)).post(path, {"seq": 3}).json == {"unread": 0}


@pytest.mark.parametrize("seq", [None, -1, "2", 1.5, True, 4, 2**60])
def test_reading_is_checked(api, room, seq):
    for _ in range(3):
        say(room)
    answer = api.as_(second_of(room)).post(f"/conversations/{room.id}/read", {"seq": seq})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/seq")
    assert not Member.objects.filter(last_read_seq__gt=0).exists()


# Notifications


def tell(user_id, times=1):
    for _ in range(times):
        actions.notify(event_id=new_id(), notices=[NoticeFactory(user_id=user_id, by_mail=False)])


def test_my_notifications_come_newest_first_in_pages(api, principal):
    me = principal("worker")
    tell(me.user_id, 5)
    tell(new_id())
    client = api.as_(me)
    page = client.get("/notifications", limit=3)
    rest = client.get("/notifications", limit=3, cursor=page.json["next"])
    found = [item["id"] for item in page.json["items"] + rest.json["items"]]
    mine = Notification.objects.filter(user_id=me.user_id)
    assert found == [str(told.id) for told in mine.order_by("-id")]
    assert rest.json["next"] is None
    item = page.json["items"][0]
    assert (item["kind"], item["title"], item["read_at"]) == ("escrow_released", "You were paid", None)
    assert set(item["data"]) == {"contract_id"}


@pytest.mark.in_process
def test_the_list_of_notifications_takes_one_statement(api, principal, django_assert_num_queries):
    me = principal("worker")
    for length in (1, 20):
        tell(me.user_id, length - Notification.objects.count())
        with django_assert_num_queries(1, using="messaging"):
            assert len(api.as_(me).get("/notifications", limit=50).json["items"]) == length


def test_a_cursor_is_its_readers_own(api, principal):
    me, other = principal("worker"), principal("worker")
    tell(me.user_id, 3)
    tell(other.user_id, 3)
    cursor = api.as_(me).get("/notifications", limit=1).json["next"]
    answer = api.as_(other).get("/notifications", limit=1, cursor=cursor)
    assert (answer.status, answer.code) == (400, "cursor_invalid")


def test_a_notification_is_read_by_its_reader_only(api, principal):
    me = principal("worker")
    tell(me.user_id, 2)
    told = Notification.objects.order_by("id").last()
    path = f"/notifications/{told.id}/read"
    assert api.as_(principal("worker")).post(path).status == 404
    assert api.as_(me).get("/notifications/unread_count").json == {"unread": 2}
    read = api.as_(me).post(path)
    assert read.status == 200
    assert read.json["read_at"] is not None
    assert api.as_(me).post(path).json == read.json
    assert api.as_(me).get("/notifications/unread_count").json == {"unread": 1}


# Tickets


@pytest.mark.in_process
def test_a_ticket_is_as_good_as_the_token_it_was_got_with(api, principal, settings):
    settings.LIVE_URL = "wss://live.example.com/ws"
    me = principal("worker")
    answer = api.as_(me).post("/live/tickets")
    assert (answer.status, answer.json["expires_in"], answer.json["url"]) == (201, 30, settings.LIVE_URL)
    admission = redeem_ticket(answer.json["ticket"])
    assert admission.principal.user_id == me.user_id
    assert admission.principal.session_id == me.session_id
    assert admission.principal.roles == me.roles
    assert timedelta(minutes=9) < admission.until - kelmah_clock.now() <= timedelta(minutes=10)


def test_tickets_are_not_replayed(api, principal):
    client = api.as_(principal("worker"))
    one, other = (client.post("/live/tickets", idempotency_key="same") for _ in range(2))
    assert one.json["ticket"] != other.json["ticket"]


@pytest.mark.in_process
def test_without_redis_there_are_no_tickets(api, principal, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = api.as_(principal("worker")).post("/live/tickets")
    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.headers["Retry-After"]


@pytest.mark.in_process
def test_without_redis_messages_are_sent_all_the_same(api, room, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert api.as_(first_of(room)).post(f"/conversations/{room.id}/messages", message()).status == 201
