"""Opening conversations, reading in them, and what is left unread."""

import pytest

from domains.messaging import actions, queries
from domains.messaging.models import Conversation, Member
from kelmah import clock as kelmah_clock
from kelmah.errors import InvalidInput, NotFound
from kelmah.ids import new_id
from kelmah.interfaces.messaging.events import ConversationOpened
from tests.messaging.factories import conversation, first_of, say, second_of

pytestmark = pytest.mark.domain("messaging")


def member(room, user_id):
    return Member.objects.get(conversation=room, user_id=user_id)


def test_opened_again_from_either_side_it_is_the_same_conversation():
    hirer, worker, contract = new_id(), new_id(), new_id()
    one = conversation(members=(hirer, worker), context_id=contract)
    other = conversation(members=(worker, hirer), context_id=contract)
    assert one.id == other.id
    assert Member.objects.count() == 2


def test_the_same_two_talk_apart_about_another_thing():
    pair = (new_id(), new_id())
    assert conversation(members=pair).id != conversation(members=pair).id
    same = new_id()
    assert (
        conversation(members=pair, context_id=same).id
        != conversation(members=pair, context_id=same, context_kind="proposal").id
    )


def test_nobody_listens_to_messages_and_conversations_yet(published):
    room = conversation()
    say(room)
    assert published.of(ConversationOpened) == []


@pytest.mark.parametrize("kind", ["contract", "proposal"])
def test_the_two_sides_of_a_thing_may_open_its_conversation(neighbours, principal, kind):
    hirer, worker = principal("hirer"), principal("worker")
    known = neighbours.contracts if kind == "contract" else neighbours.marketplace
    context_id = known.add(hirer.user_id, worker.user_id)
    opened, made = actions.open_conversation_about(context_kind=kind, context_id=context_id, by=worker)
    again, made_again = actions.open_conversation_about(context_kind=kind, context_id=context_id, by=hirer)
    assert (opened.id, made, made_again) == (again.id, True, False)


@pytest.mark.parametrize("kind", ["contract", "proposal"])
def test_a_stranger_can_not_open_a_conversation_and_learns_nothing(neighbours, principal, kind):
    known = neighbours.contracts if kind == "contract" else neighbours.marketplace
    for context_id in (known.add(new_id(), new_id()), new_id()):
        with pytest.raises(NotFound) as refused:
            actions.open_conversation_about(context_kind=kind, context_id=context_id, by=principal("worker"))
        assert refused.value.detail == f"You have no such {kind}."
    assert Conversation.objects.count() == 0


def test_unread_is_what_others_wrote_above_the_mark():
    room = conversation()
    for sender in (room.first_id, room.second_id, room.first_id, room.first_id, room.second_id):
        say(room, by=sender)
    assert queries.unread_of(member(room, room.first_id)) == 2
    assert queries.unread_of(member(room, room.second_id)) == 3
    assert actions.mark_read(conversation_id=room.id, by=first_of(room), seq=2) == 1
    assert actions.mark_read(conversation_id=room.id, by=second_of(room), seq=3) == 1
    assert actions.mark_read(conversation_id=room.id, by=first_of(room), seq=5) == 0


def test_writing_does_not_mark_as_read_what_came_in_between():
    room = conversation()
    say(room, by=room.second_id)
    say(room, by=room.first_id)
    assert queries.unread_of(member(room, room.first_id)) == 1


def test_a_slow_device_does_not_take_back_what_a_faster_one_has_read():
    room = conversation()
    for _ in range(4):
        say(room)
    actions.mark_read(conversation_id=room.id, by=second_of(room), seq=4)
    assert actions.mark_read(conversation_id=room.id, by=second_of(room), seq=2) == 0
    assert member(room, room.second_id).last_read_seq == 4


def test_nobody_has_read_what_is_not_written():
    room = conversation()
    say(room)
    with pytest.raises(InvalidInput) as refused:
        actions.mark_read(conversation_id=room.id, by=second_of(room), seq=2)
    assert refused.value.errors[0].pointer == "/seq"
    assert member(room, room.second_id).last_read_seq == 0


def test_strangers_and_those_who_left_read_nothing(principal):
    room = conversation()
    say(room)
    Member.objects.filter(conversation=room, user_id=room.second_id).update(left_at=kelmah_clock.now())
    for reader in (principal("worker"), second_of(room)):
        with pytest.raises(NotFound):
            actions.mark_read(conversation_id=room.id, by=reader, seq=1)
        with pytest.raises(NotFound):
            queries.history(conversation_id=room.id, reader_id=reader.user_id, limit=10)
        with pytest.raises(NotFound):
            queries.conversation_card(conversation_id=room.id, reader_id=reader.user_id)
        assert queries.opening_pages(reader_id=reader.user_id, seen={room.id: 0}, limit=10) == {}


def test_a_subscription_begins_with_the_newest_of_what_is_missing():
    room, other = conversation(), conversation()
    for _ in range(12):
        say(room)
    pages = queries.opening_pages(reader_id=room.first_id, seen={room.id: 3, other.id: 0}, limit=5)
    assert set(pages) == {room.id}
    head, frames = pages[room.id]
    assert head == 12
    assert [seq for seq, _ in frames] == [8, 9, 10, 11, 12]


def test_a_subscription_from_now_on_brings_nothing_old():
    room = conversation()
    say(room)
    assert queries.opening_pages(reader_id=room.first_id, seen={room.id: 2**53}, limit=5) == {room.id: (1, [])}


def test_the_ends_of_many_conversations_are_one_question(django_assert_num_queries):
    rooms = [conversation() for _ in range(5)]
    say(rooms[3])
    with django_assert_num_queries(1, using="messaging"):
        heads = queries.heads_of([room.id for room in rooms] + [new_id()])
    assert heads == {room.id: int(room is rooms[3]) for room in rooms}


def test_what_is_missing_comes_oldest_first_and_in_portions():
    room = conversation()
    for _ in range(7):
        say(room)
    found = queries.missing_frames(conversation_id=room.id, after=2, limit=3)
    assert [seq for seq, _ in found] == [3, 4, 5]
