"""What the database itself refuses, whoever asks."""

import pytest
from django.db import DatabaseError, IntegrityError, connections

from kelmah.db import atomic
from kelmah.ids import new_id
from tests.messaging.factories import NoticeFactory, conversation, say

pytestmark = pytest.mark.domain("messaging")


def refused(statement: str, values: list, name: str) -> None:
    with pytest.raises(IntegrityError, match=name), atomic("messaging"):
        execute(statement, values)
        execute("SET CONSTRAINTS ALL IMMEDIATE", [])


def execute(statement: str, values: list) -> None:
    with connections["messaging"].cursor() as cursor:
        cursor.execute(statement, values)


CONVERSATION = (
    "INSERT INTO messaging_conversation (id, context_kind, context_id, first_id, second_id, title, last_seq,"
    " last_message_at, created_at) VALUES (%s, %s, %s, %s, %s, 'x', %s, now(), now())"
)
LOW, HIGH = sorted((new_id(), new_id()))


def test_two_people_have_one_conversation_about_one_thing():
    room = conversation()
    values = [new_id(), room.context_kind, room.context_id, room.first_id, room.second_id, 0]
    refused(CONVERSATION, values, "conversation_once")


def test_a_pair_is_stored_in_order_and_nobody_talks_to_themselves():
    refused(CONVERSATION, [new_id(), "contract", new_id(), HIGH, LOW, 0], "conversation_pair")
    refused(CONVERSATION, [new_id(), "contract", new_id(), LOW, LOW, 0], "conversation_pair")


def test_conversations_are_about_what_exists():
    refused(CONVERSATION, [new_id(), "weather", new_id(), LOW, HIGH, 0], "conversation_context")


def test_numbers_do_not_run_below_zero():
    refused(CONVERSATION, [new_id(), "contract", new_id(), LOW, HIGH, -1], "conversation_last_seq")
    room = conversation()
    refused(
        "UPDATE messaging_member SET last_read_seq = -1 WHERE conversation_id = %s", [room.id], "member_last_read_seq"
    )


def test_somebody_is_in_a_conversation_once():
    room = conversation()
    refused(
        "INSERT INTO messaging_member (conversation_id, user_id, last_read_seq) VALUES (%s, %s, 0)",
        [room.id, room.first_id],
        "member_once",
    )


def message(room, **members) -> list:
    values = {
        "id": new_id(),
        "conversation": room.id,
        "seq": 7,
        "sender": room.first_id,
        "client_id": "a",
        "text": "hello",
        "files": 0,
    } | members
    return list(values.values())


MESSAGE = (
    "INSERT INTO messaging_message (id, conversation_id, seq, sender_id, client_id, text, file_count, created_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, now())"
)


def test_a_number_is_given_once():
    room = conversation()
    sent = say(room)
    refused(MESSAGE, message(room, seq=sent.seq), "message_seq")


def test_a_client_id_is_one_message():
    room = conversation()
    say(room, client_id="mine")
    refused(MESSAGE, message(room, client_id="mine"), "message_sent_once")
    execute(MESSAGE, message(room, client_id="mine", sender=room.second_id, seq=2))


def test_nobody_writes_who_was_never_a_member():
    refused(MESSAGE, message(conversation(), sender=new_id()), "message_sender_is_member")
    refused(MESSAGE, message(conversation(), conversation=new_id()), "message_sender_is_member")


def test_a_member_who_wrote_can_not_be_deleted():
    room = conversation()
    say(room)
    refused("DELETE FROM messaging_member WHERE conversation_id = %s", [room.id], "message_sender_is_member")


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"seq": 0}, "message_seq_positive"),
        ({"text": "x" * 5_001}, "message_text_limit"),
        ({"text": ""}, "message_not_empty"),
        ({"client_id": ""}, "message_client_id"),
        ({"client_id": "a" * 65}, "message_client_id_limit"),
        ({"files": 11}, "message_file_count"),
        ({"files": -1}, "file_count"),
    ],
)
def test_a_message_is_what_rules_say(members, name):
    refused(MESSAGE, message(conversation(), **members), name)


def test_a_message_may_consist_of_files():
    execute(MESSAGE, message(conversation(), text="", files=1))


def test_a_file_is_attached_to_a_message_once_and_holds_something():
    sent = say(conversation())
    statement = (
        "INSERT INTO messaging_messagefile (message_id, file_id, name, content_type, size)"
        " VALUES (%s, %s, 'a', 'b', %s)"
    )
    file_id = new_id()
    execute(statement, [sent.message_id, file_id, 1])
    refused(statement, [sent.message_id, file_id, 1], "message_file_once")
    refused(statement, [sent.message_id, new_id(), 0], "message_file_size")
    refused(statement, [new_id(), new_id(), 1], "messagefile")


NOTIFICATION = (
    "INSERT INTO messaging_notification (id, event_id, user_id, kind, title, body, data, created_at)"
    " VALUES (%s, %s, %s, 'k', 't', 'b', '{}', now())"
)


def test_a_reader_is_told_of_an_event_once():
    event_id, user_id = new_id(), new_id()
    execute(NOTIFICATION, [new_id(), event_id, user_id])
    refused(NOTIFICATION, [new_id(), event_id, user_id], "notification_once")


def test_a_delivery_is_in_a_known_state_and_sent_to_somebody():
    notification_id = new_id()
    execute(NOTIFICATION, [notification_id, new_id(), NoticeFactory().user_id])
    statement = (
        "INSERT INTO messaging_delivery (id, notification_id, channel, state, attempts, next_at, sent_to, sent_at,"
        " last_error) VALUES (%s, %s, %s, %s, 0, now(), %s, %s, '')"
    )
    refused(statement, [new_id(), notification_id, "pigeon", "waiting", "", None], "delivery_channel")
    refused(statement, [new_id(), notification_id, "email", "flying", "", None], "delivery_state")
    refused(statement, [new_id(), notification_id, "email", "sent", "", None], "delivery_sent")
    refused(statement, [new_id(), notification_id, "email", "sent", "a@example.com", None], "delivery_sent")
    execute(statement, [new_id(), notification_id, "email", "waiting", "", None])
    refused(statement, [new_id(), notification_id, "email", "waiting", "", None], "delivery_once")


@pytest.mark.parametrize("schema", ["identity", "payments", "marketplace", "public"])
def test_messaging_can_not_look_into_another_domain(schema):
    with pytest.raises(DatabaseError), atomic("messaging"):
        execute(f"CREATE TABLE {schema}.mine (id int)", [])


def test_messaging_can_not_change_its_own_tables():
    with pytest.raises(DatabaseError, match="must be owner"), atomic("messaging"):
        execute("ALTER TABLE messaging_message DROP CONSTRAINT message_seq", [])
