"""Many at once, each with a connection of its own."""

import pytest

from domains.messaging import actions, queries
from domains.messaging.models import Conversation, Delivery, Member, Message, Notification
from kelmah.ids import new_id
from tests.messaging.factories import ContactFactory, NoticeFactory, conversation, first_of, say

pytestmark = pytest.mark.domain("messaging", transaction=True)


def test_sixteen_racing_senders_leave_no_gap_and_no_double(race):
    room = conversation()
    people = [room.first_id, room.second_id]

    def send_ten(number):
        return lambda: [say(room, by=people[number % 2]).seq for _ in range(6)]

    outcome = race([send_ten(number) for number in range(16)])
    assert sorted(seq for mine in outcome for seq in mine) == list(range(1, 97))
    stored = list(Message.objects.filter(conversation=room).order_by("seq").values_list("seq", flat=True))
    assert stored == list(range(1, 97))
    assert Conversation.objects.get().last_seq == 96
    for mine in outcome:
        assert mine == sorted(mine), "what one sender wrote later has the higher number"


def test_batches_and_single_messages_to_the_same_conversations_never_deadlock(race):
    rooms = [conversation() for _ in range(4)]

    def batch(order):
        return actions.send_messages(
            [
                actions.draft_message(
                    conversation_id=room.id, sender_id=room.first_id, client_id=str(new_id()), text="hello"
                )
                for room in order
            ],
            patient=True,
        )

    jobs = [lambda: batch(rooms), lambda: batch(rooms[::-1])] * 4 + [lambda room=room: say(room) for room in rooms]
    outcome = race(jobs)
    assert not [result for result in outcome if isinstance(result, Exception)]
    assert {room.last_seq for room in Conversation.objects.all()} == {9}


def test_one_client_id_from_eight_devices_at_once_is_one_message(race):
    room = conversation()
    outcome = race(lambda: say(room, client_id="mine"), 8)
    assert {(sent.message_id, sent.seq) for sent in outcome} == {(outcome[0].message_id, 1)}
    assert sum(not sent.repeated for sent in outcome) == 1
    assert Message.objects.count() == 1


def test_the_event_of_a_contract_and_its_two_sides_open_one_conversation(race):
    hirer, worker, contract_id = new_id(), new_id(), new_id()
    outcome = race(
        lambda: actions.open_conversation(
            context_kind="contract", context_id=contract_id, member_ids=(worker, hirer), title="Kitchen"
        ),
        8,
    )
    assert len({opened.id for opened, _ in outcome}) == 1
    assert sum(made for _, made in outcome) == 1
    assert Member.objects.count() == 2


def test_devices_reading_at_once_end_at_the_highest_mark(race):
    room = conversation()
    for _ in range(8):
        say(room, by=room.second_id)
    race(
        [lambda seq=seq: actions.mark_read(conversation_id=room.id, by=first_of(room), seq=seq) for seq in range(1, 9)]
    )
    member = Member.objects.get(conversation=room, user_id=room.first_id)
    assert (member.last_read_seq, queries.unread_of(member)) == (8, 0)


def test_unread_is_exact_after_senders_and_readers_at_once(race):
    room = conversation()
    jobs = [lambda: say(room, by=room.second_id)] * 6 + [lambda: say(room, by=room.first_id)] * 3
    race(jobs)
    mine = Member.objects.get(conversation=room, user_id=room.first_id)
    assert queries.unread_of(mine) == 6


def test_an_event_told_by_four_workers_at_once_is_told_once(race):
    contact, event_id = ContactFactory(), new_id()
    notice = NoticeFactory(user_id=contact.user_id)
    race(lambda: actions.notify(event_id=event_id, notices=[notice]), 4)
    assert Notification.objects.count() == 1
    assert Delivery.objects.count() == 1


def test_a_mail_that_the_task_and_the_sweep_try_at_once_leaves_once(race, mailbox):
    contact = ContactFactory()
    actions.notify(event_id=new_id(), notices=[NoticeFactory(user_id=contact.user_id)])
    delivery = Delivery.objects.get()
    outcome = race(lambda: actions.deliver(delivery_id=delivery.id), 6)
    assert sorted(map(str, outcome)) == ["None"] * 5 + ["sent"]
    assert len(list(mailbox.rglob("*.eml"))) == 1
    delivery.refresh_from_db()
    assert delivery.attempts == 1
