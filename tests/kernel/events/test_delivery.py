"""From publishing to hearing, in one process."""

from uuid import UUID

import pytest
from django.db import connections

from kelmah.db import atomic
from kelmah.errors import InvalidInput, NotFound
from kelmah.events.dead_letters import dead_letters, discard, resubmit
from kelmah.events.gauges import gauges_of
from kelmah.events.inbox import hear
from kelmah.events.publish import NotInTransaction, enqueue, publish
from kelmah.events.queue import inbox, outbox
from kelmah.events.receive import receive
from kelmah.events.relay import hand_over, relay
from tests.probe import actions
from tests.probe.events import Counted, Unheard
from tests.probe.models import Effect, Errand, Inbox, Outbox, Tally, Trouble

in_one_transaction = pytest.mark.domain("probe")
with_commits = pytest.mark.domain("probe", transaction=True)


def effects(line: str = "a") -> list[int]:
    return list(Effect.objects.filter(line=line).order_by("id").values_list("number", flat=True))


def no_broker(row) -> None:
    raise ConnectionError("the broker is down")


def pump() -> None:
    while relay("probe") or hear("probe"):
        pass


@in_one_transaction
def test_an_event_outside_its_domains_transaction_is_refused():
    with pytest.raises(NotInTransaction):
        publish(Counted(line="a", number=1))
    with pytest.raises(NotInTransaction):
        enqueue("probe.run_errand", number=1)
    with atomic("probe"), pytest.raises(NotInTransaction):
        enqueue("payments.submit_command", command_id="x")


@in_one_transaction
def test_an_event_is_rolled_back_with_its_change():
    with pytest.raises(NotFound), atomic("probe"):
        publish(Counted(line="a", number=1))
        raise NotFound
    assert not Outbox.objects.exists()


@in_one_transaction
def test_what_nobody_hears_is_not_kept():
    with atomic("probe"):
        publish(Unheard(line="a"))
    assert not Outbox.objects.exists()


@in_one_transaction
def test_events_of_one_key_are_heard_in_order(drain):
    for number in range(1, 31):
        actions.count("a" if number % 2 else "b", number)
    drain()
    assert (effects("a"), effects("b")) == (list(range(1, 31, 2)), list(range(2, 31, 2)))
    assert not Outbox.objects.exists()


@in_one_transaction
def test_a_batch_handler_hears_many_at_once_in_order(drain):
    for number in range(1, 51):
        actions.tally("a", number)
    drain()
    assert (Tally.objects.get().count, Tally.objects.get().last) == (50, 50)


@in_one_transaction
def test_an_event_delivered_twice_is_heard_once():
    actions.count("a", 1)
    rows = outbox("probe").claim()
    Outbox.objects.update(available_at="2000-01-01T00:00:00Z")  # as if the lease had run out before the mark
    relay("probe")
    receive("probe", "probe", rows)
    hear("probe")
    assert (effects(), Inbox.objects.count()) == ([1], 1)


@in_one_transaction
def test_tasks_are_run_after_the_commit(drain):
    actions.send_errand(7)
    assert Errand.objects.get().done == 0
    drain()
    assert Errand.objects.get().done == 1


@in_one_transaction
def test_a_broker_that_is_down_delays_only_tasks():
    actions.send_errand(7)
    actions.count("a", 1)
    assert hand_over("probe", send=no_broker) == 0
    relay("probe")
    hear("probe")
    assert effects() == [1]
    waiting = Outbox.objects.get()
    assert (waiting.target, waiting.attempts, "broker is down" in waiting.last_error) == ("task", 0, True)


@with_commits
def test_a_failing_handler_has_no_effect_holds_back_its_key_and_no_other():
    Trouble.objects.create(line="a")
    for number in (1, 2):
        actions.trouble("a", number)
        actions.trouble("b", number)
    pump()
    assert (effects("a"), effects("b")) == ([], [1, 2])
    first, second = Inbox.objects.filter(key="a").order_by("id")
    assert (first.attempts, second.attempts, "InTrouble" in first.last_error) == (1, 0, True)


def bury(line: str) -> UUID:
    """Let the oldest event of the line fail until it is dead."""
    for _ in range(20):
        Inbox.objects.filter(completed_at__isnull=True).update(available_at="2000-01-01T00:00:00Z")
        pump()
    (letter,) = [letter for letter in dead_letters("probe") if letter.key == line]
    return letter.event_id


@with_commits
def test_after_the_last_attempt_an_event_is_dead_and_blocks_only_its_key(settings):
    settings.EVENT_MAX_ATTEMPTS = 3
    Trouble.objects.create(line="a")
    for number in (1, 2):
        actions.trouble("a", number)
    bury("a")
    actions.trouble("b", 1)
    actions.count("a", 9)  # another handler of the same key goes on
    pump()
    assert (effects("b"), effects("a")) == ([1], [9])
    assert {gauge.queue: gauge.dead for gauge in gauges_of("probe")} == {"outbox": 0, "inbox": 1}


@with_commits
def test_a_dead_letter_tried_again_lets_its_key_go_on(settings):
    settings.EVENT_MAX_ATTEMPTS = 2
    Trouble.objects.create(line="a")
    for number in (1, 2):
        actions.trouble("a", number)
    event_id = bury("a")
    Trouble.objects.all().delete()
    assert resubmit("probe", event_id=event_id) == 1
    pump()
    assert effects("a") == [1, 2]


@with_commits
def test_a_dead_letter_discarded_with_a_reason_lets_its_key_go_on(settings):
    settings.EVENT_MAX_ATTEMPTS = 2
    Trouble.objects.create(line="a")
    for number in (1, 2):
        actions.trouble("a", number)
    event_id = bury("a")
    with pytest.raises(InvalidInput):
        discard("probe", event_id=event_id, reason=" ")
    assert discard("probe", event_id=event_id, reason="a duplicate of number 2") == 1
    Trouble.objects.all().delete()
    Inbox.objects.filter(completed_at__isnull=True).update(available_at="2000-01-01T00:00:00Z")
    pump()
    assert effects("a") == [2]
    assert Inbox.objects.get(event_id=event_id).discarded_reason == "a duplicate of number 2"


@with_commits
def test_what_kills_its_worker_each_time_dies_too(settings):
    settings.EVENT_MAX_ATTEMPTS = 3
    actions.count("a", 1)
    relay("probe")
    for _ in range(3):  # three workers took it and were never heard of again
        assert len(inbox("probe").claim()) == 1
        Inbox.objects.update(available_at="2000-01-01T00:00:00Z")
    hear("probe")
    assert (effects(), len(dead_letters("probe"))) == ([], 1)


@with_commits
def test_an_event_that_the_code_no_longer_knows_becomes_a_dead_letter(settings):
    settings.EVENT_MAX_ATTEMPTS = 1
    actions.count("a", 1)
    relay("probe")
    Inbox.objects.update(topic="probe.Forgotten")
    hear("probe")
    assert "Forgotten" in dead_letters("probe")[0].last_error


@with_commits
def test_a_completion_after_the_lease_ran_out_changes_nothing():
    actions.count("a", 1)
    relay("probe")
    (late,) = inbox("probe").claim()
    Inbox.objects.update(available_at="2000-01-01T00:00:00Z")
    (newer,) = inbox("probe").claim()
    with atomic("probe"):
        assert not inbox("probe").mark([late])
    with atomic("probe"):
        assert inbox("probe").mark([newer])


@with_commits
def test_four_workers_never_take_one_row_twice_nor_overtake_within_a_key(race):
    for number in range(1, 121):
        actions.count(f"line {number % 6}", number)

    def work() -> list[tuple[str, int]]:
        while relay("probe", limit=7) or hear("probe", limit=5):
            pass
        return []

    assert race(work, 4) == [[]] * 4
    pump()
    for line in range(6):
        numbers = effects(f"line {line}")
        assert numbers == sorted(numbers)
        assert len(numbers) == len(set(numbers)) == 20


@with_commits
def test_the_relay_is_woken_by_the_commit():
    import psycopg

    there = connections["probe"].settings_dict
    with psycopg.connect(
        host=there["HOST"],
        port=there["PORT"],
        dbname=there["NAME"],
        user=there["USER"],
        password=there["PASSWORD"],
        autocommit=True,
    ) as listener:
        listener.execute("LISTEN kelmah_events")
        with atomic("probe"):
            for number in range(5):
                publish(Counted(line="a", number=number))
            assert list(listener.notifies(timeout=0.1, stop_after=1)) == []
        heard = list(listener.notifies(timeout=2, stop_after=1))
    assert [(note.channel, note.payload) for note in heard] == [("kelmah_events", "probe")]
