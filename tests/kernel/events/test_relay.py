"""What leaves the outbox, what waits there, and for whom."""

from typing import Any

import pytest
from celery import Celery
from django.db import connections
from django.test.utils import CaptureQueriesContext

from kelmah.db import atomic
from kelmah.events.dead_letters import dead_letters, discard, resubmit
from kelmah.events.inbox import hear
from kelmah.events.loop import Loop
from kelmah.events.publish import publish
from kelmah.events.queue import inbox
from kelmah.events.relay import hand_over, relay
from kelmah.events.retention import forget_heard
from kelmah.http.request_id import current_request_id, current_traceparent, on_behalf_of
from tests.probe import actions
from tests.probe.events import Counted, Tallied
from tests.probe.models import Effect, Inbox, Outbox, Tally

pytestmark = pytest.mark.domain("probe", transaction=True)

PAST = "2000-01-01T00:00:00Z"
NOBODY = "redis://127.0.0.1:1/0"


def effects(line: str) -> list[int]:
    return list(Effect.objects.filter(line=line).order_by("id").values_list("number", flat=True))


def deliver_all() -> None:
    Outbox.objects.update(available_at=PAST)
    Inbox.objects.filter(completed_at=None).update(available_at=PAST)
    while relay("probe") or hear("probe"):
        pass


# --- publishing ---------------------------------------------------------------------------------------------------


def test_events_of_one_call_are_one_statement_in_their_order() -> None:
    with atomic("probe"), CaptureQueriesContext(connections["probe"]) as queries:
        publish(*(Counted(line="a", number=number) for number in (3, 1, 2)))
    assert len(queries) == 1
    deliver_all()
    assert effects("a") == [3, 1, 2]


def test_an_event_that_does_not_hold_what_it_declares_is_refused_with_its_change() -> None:
    wrong: Any = "seven"
    with pytest.raises(TypeError, match=r"probe\.Counted"), atomic("probe"):
        Effect.objects.create(line="a", number=1)
        publish(Counted(line="a", number=1), Counted(line="a", number=wrong))
    assert not Outbox.objects.exists()
    assert not Effect.objects.exists()


def test_the_request_that_caused_an_event_is_known_to_its_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr(
        Effect.objects, "create", lambda **_: seen.append((current_request_id(), current_traceparent()))
    )
    with on_behalf_of("request-of-ama", "00-trace"):
        actions.count("a", 1)
    actions.count("b", 1)
    deliver_all()
    assert seen == [("request-of-ama", "00-trace"), ("", "")]


# --- a listener that does not know an event yet -------------------------------------------------------------------


def from_the_future(line: str) -> None:
    Outbox.objects.filter(key=line, payload__number=1).update(topic="probe.FromTheFuture")


def test_an_event_that_no_handler_knows_waits_and_holds_back_its_key_only() -> None:
    for number in (1, 2):
        actions.count("a", number)
        actions.count("b", number)
    from_the_future("a")
    relay("probe")
    hear("probe")
    assert (effects("a"), effects("b")) == ([], [1, 2])
    first, second = Outbox.objects.order_by("id")
    assert (first.attempts, second.attempts) == (1, 0)
    assert first.last_error == "Unheard: probe has no handler for probe.FromTheFuture"


def test_the_release_that_knows_it_hears_it_in_its_place() -> None:
    for number in (1, 2):
        actions.count("a", number)
    from_the_future("a")
    relay("probe")
    Outbox.objects.filter(topic="probe.FromTheFuture").update(topic="probe.Counted")
    deliver_all()
    assert effects("a") == [1, 2]


def bury_in_the_outbox() -> Any:
    for number in (1, 2):
        actions.count("a", number)
    from_the_future("a")
    for _ in range(9):
        deliver_all()
    (letter,) = dead_letters("probe")
    assert (letter.queue, letter.handler, letter.attempts) == ("outbox", "probe", 8)
    return letter


def test_one_that_nobody_learns_to_hear_is_a_dead_letter_of_the_outbox_which_can_be_tried_again() -> None:
    letter = bury_in_the_outbox()
    Outbox.objects.filter(topic="probe.FromTheFuture").update(topic="probe.Counted")
    deliver_all()
    assert effects("a") == []
    assert resubmit("probe", event_id=letter.event_id) == 1
    deliver_all()
    assert effects("a") == [1, 2]


def test_one_that_nobody_learns_to_hear_can_be_given_up() -> None:
    letter = bury_in_the_outbox()
    assert discard("probe", event_id=letter.event_id, handler="probe", reason="never shipped") == 1
    deliver_all()
    assert effects("a") == [2]
    assert dead_letters("probe") == []


def test_a_handler_that_the_code_no_longer_has_leaves_a_dead_letter(settings: Any) -> None:
    settings.EVENT_MAX_ATTEMPTS = 2
    actions.count("a", 1)
    relay("probe")
    Inbox.objects.update(handler="tests.probe.handlers.on_bygone")
    for _ in range(3):
        deliver_all()
    (letter,) = dead_letters("probe")
    assert (letter.queue, letter.last_error) == (
        "inbox",
        "LookupError: no handler is called tests.probe.handlers.on_bygone",
    )


# --- somebody else is down ----------------------------------------------------------------------------------------


def no_broker(row: Any) -> None:
    raise ConnectionError("the broker is down")


def test_however_long_the_broker_is_down_no_task_dies_of_it() -> None:
    for number in (1, 2, 3):
        actions.send_errand(number)
    for _ in range(20):
        assert hand_over("probe", send=no_broker) == 0
        Outbox.objects.update(available_at=PAST)
    assert set(Outbox.objects.values_list("attempts", "dead_at")) == {(0, None)}
    sent: list[Any] = []
    assert hand_over("probe", send=sent.append) == 3
    assert [row.topic for row in sent] == ["probe.run_errand"] * 3
    assert not Outbox.objects.exists()


def test_tasks_that_were_taken_by_the_broker_before_it_fell_are_not_sent_again() -> None:
    for number in (1, 2, 3):
        actions.send_errand(number)
    sent: list[Any] = []

    def falls_after_the_first(row: Any) -> None:
        if sent:
            raise ConnectionError
        sent.append(row)

    assert hand_over("probe", send=falls_after_the_first) == 1
    assert Outbox.objects.count() == 2


def test_the_loop_hears_events_while_the_broker_refuses() -> None:
    app = Celery(broker=NOBODY)
    app.conf.broker_transport_options = {"max_retries": 0}
    actions.send_errand(1)
    actions.count("a", 1)
    Loop(["probe"], app).once()
    assert effects("a") == [1]
    assert Outbox.objects.get().target == "task"


@pytest.mark.domain("probe", "payments", transaction=True)
def test_the_loop_goes_on_while_one_domains_database_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = connections["payments"]
    gone.close()
    with monkeypatch.context() as patch:
        patch.setitem(gone.settings_dict, "PORT", "1")
        actions.count("a", 1)
        Loop(["payments", "probe"], Celery(broker=NOBODY)).once()
    gone.close()
    assert effects("a") == [1]


# --- hearing ------------------------------------------------------------------------------------------------------


def test_a_relay_that_is_asked_to_stop_gives_back_what_it_has_not_begun() -> None:
    for number in range(1, 6):
        actions.count("a", number)
    relay("probe")
    hear("probe", stopping=lambda: len(effects("a")) == 2)
    assert effects("a") == [1, 2]
    assert set(Inbox.objects.filter(completed_at=None).values_list("attempts", flat=True)) == {0}
    hear("probe")  # at once: no lease has to run out
    assert effects("a") == [1, 2, 3, 4, 5]


def test_a_bad_event_of_a_batch_is_found_and_the_others_are_heard() -> None:
    with atomic("probe"):
        publish(*(Tallied(line=line, number=number) for number in (1, 2, 3) for line in ("a", "b")))
    relay("probe")
    Inbox.objects.filter(key="a", payload__number=2).update(payload={"line": "a"})
    hear("probe")
    assert dict(Tally.objects.values_list("line", "last")) == {"a": 1, "b": 3}
    broken = Inbox.objects.get(key="a", payload={"line": "a"})
    assert broken.last_error == "UnreadableEvent: probe.Tallied: number: missing"
    waiting = Inbox.objects.filter(completed_at=None).order_by("id")
    assert list(waiting.values_list("attempts", flat=True)) == [1, 0]


def test_what_a_worker_could_not_say_is_never_taken_for_said() -> None:
    """Overtaken, and then its successor gave the row back: the count of attempts is as it was, the lease is not."""
    actions.count("a", 1)
    relay("probe")
    (late,) = inbox("probe").claim()
    Inbox.objects.update(available_at=PAST)
    (newer,) = inbox("probe").claim()
    inbox("probe").give_back([newer])
    assert Inbox.objects.get().attempts == late.attempts
    assert inbox("probe").mark([late]) == 0
    assert not inbox("probe").fail(late, RuntimeError("late"))
    assert Inbox.objects.get().last_error == ""


def test_one_that_was_overtaken_hears_nothing_more_of_that_key() -> None:
    """Its successor may have taken only the first of two: hearing the second now would be before the first."""
    for number in (1, 2):
        actions.count("a", number)
        actions.count("b", number)
    relay("probe")
    successor: list[Any] = []

    def is_overtaken() -> bool:
        if not successor:
            Inbox.objects.filter(key="a", payload__number=1).update(available_at=PAST)
            successor.extend(inbox("probe").claim(limit=1))
        return False

    hear("probe", stopping=is_overtaken)
    assert [row.key for row in successor] == ["a"]
    assert (effects("a"), effects("b")) == ([], [1, 2])
    deliver_all()
    assert effects("a") == [1, 2]


def test_an_event_that_kills_its_worker_is_the_only_one_that_dies_of_it() -> None:
    for number in range(1, 6):
        actions.count(f"line {number}", number)
    relay("probe")
    deaths = 0
    while not dead_letters("probe"):
        rows = inbox("probe").claim()
        if "line 3" in [row.key for row in rows] or not rows:
            deaths += bool(rows)
            Inbox.objects.filter(completed_at=None, dead_at=None).update(available_at=PAST)
            continue
        inbox("probe").give_back(rows)
        hear("probe")
    assert [letter.key for letter in dead_letters("probe")] == ["line 3"]
    assert "WorkerDied" in dead_letters("probe")[0].last_error
    assert deaths == 8
    deliver_all()
    assert Effect.objects.count() == 4


# --- forgetting ---------------------------------------------------------------------------------------------------


def test_what_was_heard_long_ago_is_forgotten_but_not_what_waits_or_was_given_up() -> None:
    for line in ("old", "given up", "waits", "new"):
        actions.count(line, 1)
    relay("probe")
    Inbox.objects.filter(key="old").update(completed_at=PAST)
    Inbox.objects.filter(key="given up").update(completed_at=PAST, discarded_reason="a mistake")
    Inbox.objects.filter(key="waits").update(received_at=PAST)
    Inbox.objects.filter(key="new").update(completed_at="2999-01-01T00:00:00Z")
    assert forget_heard("probe") == 1
    assert set(Inbox.objects.values_list("key", flat=True)) == {"given up", "waits", "new"}
    assert forget_heard("probe") == 0
