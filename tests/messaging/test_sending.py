"""Sending: stored once, numbered without gaps, refused to strangers and to those in a hurry."""

import json
from datetime import timedelta

import pytest
from django.db import connections

from domains.messaging import actions, queries
from domains.messaging.models import Conversation, Member, Message, MessageFile
from domains.messaging.rules import ConversationBusy, MessageEmpty, TooManyMessages
from kelmah import clock as kelmah_clock
from kelmah.errors import InvalidInput, NotFound
from kelmah.ids import new_id
from kelmah.interfaces.files.calls import FileNotAttachable
from tests.messaging.factories import conversation, say

pytestmark = pytest.mark.domain("messaging")


def draft(room, *, by=None, client_id=None, text="Akwaaba!", file_ids=()):
    return actions.draft_message(
        conversation_id=room.id,
        sender_id=by or room.first_id,
        client_id=client_id or str(new_id()),
        text=text,
        file_ids=file_ids,
    )


def test_messages_are_numbered_from_one():
    room = conversation()
    assert [say(room).seq, say(room, by=room.second_id).seq, say(room).seq] == [1, 2, 3]
    room.refresh_from_db()
    assert room.last_seq == 3


def test_conversations_are_numbered_apart():
    one, other = conversation(), conversation()
    assert [say(one).seq, say(other).seq, say(one).seq] == [1, 1, 2]


def test_a_message_moves_its_conversation_to_the_top(clock):
    room = conversation()
    clock.advance(hours=1)
    say(room)
    room.refresh_from_db()
    assert abs(kelmah_clock.now() - room.last_message_at) < timedelta(seconds=5)


def test_the_same_client_id_is_the_same_message_even_with_other_words():
    room = conversation()
    first = say(room, client_id="mine", text="one")
    again = say(room, client_id="mine", text="two")
    assert (again.message_id, again.seq, again.repeated) == (first.message_id, first.seq, True)
    assert Message.objects.get().text == "one"


def test_two_people_may_use_the_same_client_id():
    room = conversation()
    assert say(room, client_id="a").seq == 1
    assert say(room, client_id="a", by=room.second_id).seq == 2


def test_a_stranger_and_one_who_left_are_told_that_there_is_nothing():
    room = conversation()
    with pytest.raises(NotFound):
        say(room, by=new_id())
    Member.objects.filter(conversation=room, user_id=room.second_id).update(left_at=kelmah_clock.now())
    with pytest.raises(NotFound):
        say(room, by=room.second_id)
    with pytest.raises(NotFound):
        actions.send_message(actions.Draft(new_id(), room.first_id, "a", "hello"))
    assert Message.objects.count() == 0


def test_a_batch_keeps_its_order_and_one_bad_draft_spoils_nothing():
    one, other = conversation(), conversation()
    batch = [draft(one, text="1"), draft(other, by=new_id()), draft(one, text="2"), draft(other), draft(one, text="3")]
    outcomes = actions.send_messages(batch, patient=False)
    assert isinstance(outcomes[1], NotFound)
    assert [outcomes[place].seq for place in (0, 2, 3, 4)] == [1, 2, 1, 3]
    assert list(Message.objects.filter(conversation=one).order_by("seq").values_list("text", flat=True)) == list("123")


def test_the_same_message_twice_in_one_batch_is_stored_once():
    room = conversation()
    twice = draft(room, client_id="mine")
    first, again = actions.send_messages([twice, twice], patient=False)
    assert (first.seq, again.seq, first.repeated, again.repeated) == (1, 1, False, True)
    assert Message.objects.count() == 1


def test_sixty_messages_a_minute_and_no_more(clock):
    room, other = conversation(), None
    other = conversation(members=(room.first_id, new_id()))
    for number in range(60):
        say(room if number % 2 else other, by=room.first_id)
    with pytest.raises(TooManyMessages) as refused:
        say(room)
    assert 1 <= refused.value.retry_after <= 60
    say(room, by=room.second_id)
    clock.advance(seconds=60)
    say(room)


def test_the_limit_holds_inside_a_batch():
    room = conversation()
    outcomes = actions.send_messages([draft(room) for _ in range(70)], patient=False)
    assert sum(isinstance(outcome, TooManyMessages) for outcome in outcomes) == 10
    room.refresh_from_db()
    assert room.last_seq == 60


def test_a_repeated_message_is_answered_even_to_one_in_a_hurry(settings):
    settings.MESSAGES_PER_MINUTE = 1
    room = conversation()
    first = say(room, client_id="mine")
    assert say(room, client_id="mine").seq == first.seq


def test_what_a_message_may_not_be_is_refused_before_anything_happens():
    room = conversation()
    with pytest.raises(MessageEmpty):
        draft(room, text=" ")
    with pytest.raises(InvalidInput):
        draft(room, text="x" * 5_001)
    with pytest.raises(InvalidInput):
        draft(room, client_id="two words")


def test_files_are_shared_with_the_other_side_and_attached(neighbours):
    room = conversation()
    wanted = [neighbours.files.add(room.first_id) for _ in range(2)]
    sent = actions.send_message(draft(room, text="", file_ids=[*wanted, wanted[0]]))
    assert [(file, reader) for file, reader, _ in neighbours.files.shared] == [(f, room.second_id) for f in wanted]
    assert {context for *_, context in neighbours.files.shared} == {f"conversation:{room.id}"}
    assert list(MessageFile.objects.order_by("id").values_list("file_id", flat=True)) == wanted
    assert json.loads(sent.frame)["files"][0]["file_id"] == str(wanted[0])


def test_somebody_elses_file_stops_the_whole_message(neighbours):
    room = conversation()
    mine, foreign = neighbours.files.add(room.first_id), neighbours.files.add(room.second_id)
    with pytest.raises(FileNotAttachable):
        draft(room, file_ids=[mine, foreign])
    assert Message.objects.count() == 0
    assert neighbours.files.shared == []


def test_a_stranger_shares_no_file_into_a_conversation(neighbours):
    room, stranger = conversation(), new_id()
    mine = neighbours.files.add(stranger)
    with pytest.raises(NotFound):
        draft(room, by=stranger, file_ids=[mine])
    assert neighbours.files.shared == []


def test_a_repeated_message_with_files_attaches_them_once(neighbours):
    room = conversation()
    wanted = neighbours.files.add(room.first_id)
    for _ in range(2):
        actions.send_message(draft(room, client_id="mine", file_ids=[wanted]))
    assert MessageFile.objects.count() == 1


def test_the_frame_that_goes_out_is_the_frame_that_is_read_later(neighbours):
    room = conversation()
    wanted = neighbours.files.add(room.first_id)
    sent = actions.send_message(draft(room, text='Akwaaba! „ɔ” <b> \\ " 😀', file_ids=[wanted]))
    plain = say(room)
    stored = dict(queries.missing_frames(conversation_id=room.id, after=0, limit=10))
    assert json.loads(stored[1]) == json.loads(sent.frame)
    assert json.loads(stored[2]) == json.loads(plain.frame)


def test_every_message_has_its_own_id_that_sorts_by_time():
    room = conversation()
    sent = [say(room).message_id for _ in range(20)]
    assert sent == sorted(set(sent))


def test_storing_takes_one_statement_however_large_the_batch(django_assert_num_queries):
    room = conversation()
    with django_assert_num_queries(3, using="messaging"):  # with the savepoint inside this test's transaction
        actions.send_messages([draft(room)], patient=False)
    with django_assert_num_queries(3, using="messaging"):
        actions.send_messages([draft(room) for _ in range(40)], patient=False)


def test_counting_the_last_minute_reads_an_index_and_no_more_than_the_limit():
    room = conversation()
    for _ in range(3):
        say(room)
    with connections["messaging"].cursor() as cursor:
        # Three rows are cheapest read whole and sorted: what counts is that the index gives them in order.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        cursor.execute(
            "EXPLAIN SELECT m.created_at FROM messaging_message m WHERE m.sender_id = %s AND m.created_at > now()"
            " ORDER BY m.created_at DESC OFFSET 59 LIMIT 1",
            [room.first_id],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "message_pace" in plan
    assert "Sort" not in plan


@pytest.mark.domain("messaging", transaction=True)
def test_a_batch_does_not_wait_for_a_conversation_that_somebody_holds(race):
    held, free = conversation(), conversation()
    outcome = {}

    def hold():
        with actions.sending.atomic("messaging"):
            Conversation.objects.select_for_update().get(id=held.id)
            outcome["batch"] = race(lambda: actions.send_messages([draft(held), draft(free)], patient=False), 1)[0]

    hold()
    busy, sent = outcome["batch"]
    assert isinstance(busy, ConversationBusy)
    assert sent.seq == 1
