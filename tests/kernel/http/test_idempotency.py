"""A request that is sent twice has one effect and one answer."""

from collections.abc import Callable, Iterator

import pytest
from django.db import IntegrityError, OperationalError, connections

from kelmah import clock
from kelmah.errors import Conflict, Forbidden, InvalidInput, NotFound, TooManyRequests, Unprocessable
from kelmah.http.idempotency import forget_old_keys
from kelmah.ids import new_id
from kelmah.principal import Principal
from kelmah.testing.client import Answer, ApiClient
from tests.kernel.http.mishaps import notes, nothing_happens_inside, raises
from tests.kernel.http.probes import views
from tests.kernel.http.probes.models import IdempotencyKey

pytestmark = pytest.mark.domain("probes", transaction=True)


@pytest.fixture(autouse=True)
def _calm_again() -> Iterator[None]:
    yield
    nothing_happens_inside()


@pytest.fixture
def me(api: ApiClient, principal: Callable[..., Principal]) -> ApiClient:
    return api.as_(principal())


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


def test_two_rows_of_one_key_are_impossible(me: ApiClient) -> None:
    me.post("/notes", {"text": "a"}, idempotency_key="k")
    with pytest.raises(IntegrityError, match="probes_idempotency_key"), connections["probes"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO probes_idempotencykey (caller, route, key, request_hash, locked_at, headers, created_at)"
            " SELECT caller, route, key, request_hash, locked_at, headers, created_at FROM probes_idempotencykey"
        )
