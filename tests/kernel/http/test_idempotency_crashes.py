"""One effect and one answer, whatever breaks and whoever comes in between."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import Forbidden
from kelmah.principal import Principal
from kelmah.testing.client import Answer, ApiClient
from tests.kernel.http.mishaps import Died, notes, nothing_happens_inside, raises
from tests.kernel.http.probes import views
from tests.kernel.http.probes.models import IdempotencyKey, Note

pytestmark = pytest.mark.domain("probes", transaction=True)

Race = Callable[..., list[Any]]


@pytest.fixture(autouse=True)
def _calm_again() -> Iterator[None]:
    yield
    nothing_happens_inside()


@pytest.fixture
def me(api: ApiClient, principal: Callable[..., Principal]) -> ApiClient:
    return api.as_(principal())


# --- races --------------------------------------------------------------------------------------------------------


def test_of_many_at_once_one_has_an_effect(me: ApiClient, race: Race) -> None:
    answers = race(lambda: me.post("/notes", {"text": "a"}, idempotency_key="k"), 8)
    fresh = [answer for answer in answers if answer.status == 201 and "Idempotency-Replayed" not in answer.headers]
    replayed = [answer for answer in answers if "Idempotency-Replayed" in answer.headers]
    waiting = [answer for answer in answers if answer.code == "request_in_flight"]
    assert (len(fresh), len(fresh) + len(replayed) + len(waiting)) == (1, 8)
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in waiting)
    assert {answer.raw.content for answer in replayed} <= {fresh[0].raw.content}
    assert notes() == 1


def test_of_many_retries_after_a_crash_one_has_an_effect(
    api: ApiClient, principal: Callable[..., Principal], race: Race
) -> None:
    someone = principal()
    crash(api.as_(someone), views.BEFORE_EFFECT)
    clock.advance(seconds=61)
    retry = api.as_(someone)
    answers = race(lambda: retry.post("/notes", {"text": "a"}, idempotency_key="k"), 8)
    assert sorted({answer.status for answer in answers}) in ([201], [201, 409])
    assert notes() == 1


def test_while_the_first_is_carried_out_the_second_is_told_to_wait(me: ApiClient) -> None:
    second: list[Answer] = []
    views.BEFORE_EFFECT["a"] = lambda: second.append(me.post("/notes", {"text": "a"}, idempotency_key="k"))
    first = me.post("/notes", {"text": "a"}, idempotency_key="k")
    assert first.status == 201
    assert (second[0].status, second[0].code) == (409, "request_in_flight")
    assert notes() == 1


# --- crashes ------------------------------------------------------------------------------------------------------


def crash(client: ApiClient, where: dict[str, Any]) -> None:
    where["a"] = raises(Died())
    with pytest.raises(Died):
        client.post("/notes", {"text": "a"}, idempotency_key="k")
    where.clear()


def test_after_a_crash_before_the_effect_the_request_is_carried_out_by_the_next(
    api: ApiClient, principal: Callable[..., Principal]
) -> None:
    someone = principal()
    crash(api.as_(someone), views.BEFORE_EFFECT)
    assert notes() == 0
    early = api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k")
    assert (early.status, early.code) == (409, "request_in_flight")
    assert 50 <= int(early.headers["Retry-After"]) <= 60
    clock.advance(seconds=61)
    retry = api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k")
    assert (retry.status, notes()) == (201, 1)
    assert "Idempotency-Replayed" not in retry.headers


def test_after_a_crash_between_effect_and_answer_the_next_is_told_to_read(
    api: ApiClient, principal: Callable[..., Principal]
) -> None:
    someone = principal()
    crash(api.as_(someone), views.AFTER_COMMIT)
    assert notes() == 1
    clock.advance(seconds=61)
    for _ in range(2):
        retry = api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k")
        assert (retry.status, retry.code) == (409, "request_already_carried_out")
    assert notes() == 1


def test_a_fault_after_the_effect_is_told_without_waiting(me: ApiClient) -> None:
    views.AFTER_COMMIT["a"] = raises(RuntimeError())
    assert me.post("/notes", {"text": "a"}, idempotency_key="k").status == 500
    views.AFTER_COMMIT.clear()
    retry = me.post("/notes", {"text": "a"}, idempotency_key="k")
    assert (retry.status, retry.code) == (409, "request_already_carried_out")
    assert notes() == 1


def test_a_refusal_after_an_effect_is_kept(me: ApiClient) -> None:
    views.AFTER_COMMIT["a"] = raises(Forbidden())
    assert me.post("/notes", {"text": "a"}, idempotency_key="k").status == 403
    again = me.post("/notes", {"text": "a"}, idempotency_key="k")
    assert (again.status, again.headers["Idempotency-Replayed"]) == (403, "true")
    assert notes() == 1


def test_the_mark_and_the_effect_commit_together(me: ApiClient) -> None:
    def die_in_the_transaction() -> None:
        with atomic("probes"):
            Note.objects.create(text="lost", written_at=clock.now())
            raise Died

    views.BEFORE_EFFECT["a"] = die_in_the_transaction
    with pytest.raises(Died):
        me.post("/notes", {"text": "a"}, idempotency_key="k")
    assert IdempotencyKey.objects.get().effect_at is None
    assert notes() == 0


def test_one_that_was_overtaken_loses_its_effect(
    api: ApiClient, principal: Callable[..., Principal], race: Race
) -> None:
    """Slower than a minute, and another attempt took the key over: its transaction must not commit on top."""
    someone = principal()
    overtaking: list[Answer] = []

    def overtake() -> None:
        views.BEFORE_EFFECT.clear()
        clock.advance(seconds=61)
        overtaking.extend(race(lambda: api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k"), 1))

    views.BEFORE_EFFECT["a"] = overtake
    slow = api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k")
    assert overtaking[0].status == 201
    assert (slow.status, slow.code) == (409, "request_in_flight")
    assert notes() == 1
    again = api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k")
    assert again.raw.content == overtaking[0].raw.content


def test_one_that_is_being_overtaken_loses_its_effect_to_the_other(
    api: ApiClient, principal: Callable[..., Principal]
) -> None:
    someone = principal()
    inside, go_on = threading.Event(), threading.Event()
    answers: list[Answer] = []

    def retry() -> None:
        answers.append(api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k"))
        connections.close_all()

    def wait_inside() -> None:
        inside.set()
        go_on.wait(timeout=10)

    def be_slow() -> None:
        views.BEFORE_EFFECT["a"] = wait_inside
        clock.advance(seconds=61)
        other.start()
        inside.wait(timeout=10)

    other = threading.Thread(target=retry)
    views.BEFORE_EFFECT["a"] = be_slow
    slow = api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k")
    assert (slow.status, slow.code, notes()) == (409, "request_in_flight", 0)
    go_on.set()
    other.join()
    assert (answers[0].status, notes()) == (201, 1)


def test_an_effect_that_is_just_being_committed_is_not_repeated(
    api: ApiClient, principal: Callable[..., Principal]
) -> None:
    """The mark is written but not committed when the next attempt, a minute later, looks at the row: it must wait."""
    someone = principal()
    answers: list[Answer] = []

    def retry() -> None:
        answers.append(api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k"))
        connections.close_all()

    def be_slow() -> None:
        views.BEFORE_COMMIT.clear()
        clock.advance(seconds=61)
        other.start()
        wait_until_somebody_waits()

    other = threading.Thread(target=retry)
    views.BEFORE_COMMIT["a"] = be_slow
    slow = api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k")
    other.join()
    assert (slow.status, notes()) == (201, 1)
    assert answers[0].code == "request_already_carried_out" or "Idempotency-Replayed" in answers[0].headers


def wait_until_somebody_waits() -> None:
    """For a row lock, in this test's database."""
    with connections["probes"].cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


def test_an_answer_that_could_not_be_kept_is_given_all_the_same(
    api: ApiClient, principal: Callable[..., Principal]
) -> None:
    someone = principal()
    locked, done = threading.Event(), threading.Event()

    def hold_the_row() -> None:
        with atomic("probes"):
            IdempotencyKey.objects.select_for_update().get()
            locked.set()
            done.wait(timeout=10)
        connections.close_all()

    holder = threading.Thread(target=hold_the_row)

    def obstruct() -> None:
        holder.start()
        locked.wait(timeout=10)
        with connections["probes"].cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")

    views.AFTER_COMMIT["a"] = obstruct
    first = api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k")
    done.set()
    holder.join()
    assert first.status == 201
    clock.advance(seconds=61)
    assert api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k").code == "request_already_carried_out"
