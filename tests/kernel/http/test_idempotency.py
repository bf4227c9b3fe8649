"""A request that is sent twice has one effect and one answer, whatever breaks in between."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connections

from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import Conflict, Forbidden, InvalidInput, NotFound, TooManyRequests, Unprocessable
from kelmah.http.idempotency import forget_old_keys
from kelmah.ids import new_id
from kelmah.principal import Principal
from kelmah.testing.client import Answer, ApiClient
from tests.kernel.http.probes import views
from tests.kernel.http.probes.models import IdempotencyKey, Note

pytestmark = pytest.mark.domain("probes", transaction=True)

Race = Callable[..., list[Any]]


class Died(BaseException):
    """The process ends here: not even an exception handler runs."""


@pytest.fixture(autouse=True)
def nothing_happens_inside() -> Iterator[None]:
    yield
    views.BEFORE_EFFECT.clear()
    views.BEFORE_COMMIT.clear()
    views.AFTER_COMMIT.clear()


@pytest.fixture
def me(api: ApiClient, principal: Callable[..., Principal]) -> ApiClient:
    return api.as_(principal())


def raises(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def notes() -> int:
    return Note.objects.count()


def test_a_repeated_request_gets_the_first_answer_and_has_no_second_effect(me: ApiClient) -> None:
    key = new_id()
    first = me.post("/notes", {"text": "a"}, idempotency_key=key)
    again = me.post("/notes", {"text": "a"}, idempotency_key=key)
    assert (first.status, again.status) == (201, 201)
    assert again.raw.content == first.raw.content
    assert again.etag == first.etag == '"1"'
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Content-Type"] == "application/json"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert notes() == 1


def test_without_a_key_nothing_is_remembered(me: ApiClient) -> None:
    me.post("/notes", {"text": "a"})
    me.post("/notes", {"text": "a"})
    assert (notes(), IdempotencyKey.objects.count()) == (2, 0)


def test_the_same_meaning_in_other_bytes_is_the_same_request(me: ApiClient) -> None:
    spaced = b'{ "tags": ["x"],\n "text": "a" }'
    first = me.post("/notes", {"text": "a", "tags": ["x"]}, idempotency_key="k")
    headers = me._headers() | {"Idempotency-Key": "k"}
    again = Answer(
        me._client.generic("POST", "/api/v1/notes", spaced, "application/json; charset=utf-8", headers=headers)
    )
    assert again.raw.content == first.raw.content
    assert notes() == 1


def test_a_key_belongs_to_one_request(me: ApiClient) -> None:
    me.post("/notes", {"text": "a"}, idempotency_key="k")
    for path, body in (("/notes", {"text": "b"}), ("/notes?x=1", {"text": "a"})):
        other = me.post(path, body, idempotency_key="k")
        assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert notes() == 1


def test_a_key_belongs_to_one_caller_and_one_route(
    api: ApiClient, me: ApiClient, principal: Callable[..., Principal]
) -> None:
    me.post("/notes", {"text": "a"}, idempotency_key="k")
    assert api.as_(principal()).post("/notes", {"text": "a"}, idempotency_key="k").status == 201
    assert me.post("/money", {"text": "a"}, idempotency_key="k").status == 201
    assert notes() == 3


def test_money_needs_a_key(me: ApiClient) -> None:
    answer = me.post("/money", {"text": "a"})
    assert (answer.status, answer.code) == (400, "idempotency_key_required")
    assert notes() == 0


@pytest.mark.parametrize("key", ["", "a" * 256, "two words", "tab\tbed", "ünicode"])
def test_a_key_is_visible_ascii_of_255_characters(me: ApiClient, key: str) -> None:
    answer = me.post("/notes", {"text": "a"}, idempotency_key=key)
    assert (answer.status, answer.code) == (400, "idempotency_key_malformed")
    assert me.post("/notes", {"text": "a"}, idempotency_key="~" * 255).status == 201


def test_answers_of_auth_routes_are_never_kept(api: ApiClient) -> None:
    assert api.post("/login", {"text": "a"}, idempotency_key="k").status == 200
    assert IdempotencyKey.objects.count() == 0


def test_nobody_replays_what_another_may_not_see(api: ApiClient, me: ApiClient) -> None:
    me.post("/notes", {"text": "a"}, idempotency_key="k")
    assert api.anonymous.post("/notes", {"text": "a"}, idempotency_key="k").status == 401


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (Conflict("no funds"), True),
        (Unprocessable(), True),
        (InvalidInput(), False),
        (Forbidden(), False),
        (NotFound(), False),
        (TooManyRequests(), False),
        (OperationalError(), False),
        (RuntimeError("a fault of ours"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_refusal_is_kept_when_the_domain_decided_it(me: ApiClient, error: Exception, kept: bool) -> None:
    views.BEFORE_EFFECT["a"] = raises(error)
    refusal = me.post("/notes", {"text": "a"}, idempotency_key="k")
    del views.BEFORE_EFFECT["a"]
    again = me.post("/notes", {"text": "a"}, idempotency_key="k")
    if kept:
        # The client was told that nothing happened: a late duplicate must not make it happen.
        assert again.raw.content == refusal.raw.content
        assert again.headers["Content-Type"] == "application/problem+json"
        assert again.headers["Idempotency-Replayed"] == "true"
        assert notes() == 0
    else:
        assert again.status == 201
        assert notes() == 1


def test_a_mended_request_may_use_the_key_of_the_one_that_was_not_valid(me: ApiClient) -> None:
    assert me.post("/notes", {"txt": "a"}, idempotency_key="k").status == 400
    assert me.post("/notes", {"text": "a"}, idempotency_key="k").status == 201


def test_keys_are_kept_for_thirty_days(me: ApiClient) -> None:
    me.post("/notes", {"text": "a"}, idempotency_key="k")
    clock.advance(days=29)
    assert forget_old_keys("probes") == 0
    assert IdempotencyKey.objects.count() == 1
    clock.advance(days=2)
    assert forget_old_keys("probes") == 1
    assert IdempotencyKey.objects.count() == 0


def test_a_key_older_than_thirty_days_is_a_new_key_even_before_it_is_deleted(
    api: ApiClient, principal: Callable[..., Principal]
) -> None:
    someone = principal()
    api.as_(someone).post("/notes", {"text": "a"}, idempotency_key="k")
    clock.advance(days=31)
    again = api.as_(someone).post("/notes", {"text": "b"}, idempotency_key="k")
    assert again.status == 201
    assert "Idempotency-Replayed" not in again.headers
    assert notes() == 2


def test_a_dry_run_writes_nothing_and_does_not_use_up_the_key(me: ApiClient) -> None:
    rehearsal = me.post("/money?dry_run=true", {"text": "a"}, idempotency_key="k")
    assert rehearsal.status == 201
    assert (notes(), IdempotencyKey.objects.count()) == (0, 0)
    assert me.post("/money", {"text": "a"}, idempotency_key="k").status == 201


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


def test_two_rows_of_one_key_are_impossible(me: ApiClient) -> None:
    me.post("/notes", {"text": "a"}, idempotency_key="k")
    with pytest.raises(IntegrityError, match="probes_idempotency_key"), connections["probes"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO probes_idempotencykey (caller, route, key, request_hash, locked_at, headers, created_at)"
            " SELECT caller, route, key, request_hash, locked_at, headers, created_at FROM probes_idempotencykey"
        )
