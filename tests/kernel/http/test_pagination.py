"""Walking a list gives every row once and in order, whatever happens to it meanwhile."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.request import Request

from kelmah.http.cursors import read_cursor, write_cursor
from kelmah.http.errors import CursorInvalid
from kelmah.http.pagination import keyset_page
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.principal import Principal
from kelmah.testing.client import ApiClient
from tests.kernel.http.probes.models import Note
from tests.kernel.http.probes.views import ORDERS

START = datetime(2026, 5, 1, tzinfo=UTC)
READER = Principal(user_id=new_id())

database = pytest.mark.domain("probes")


def request_of(query: str = "", user: Principal | None = READER) -> Request:
    request = Request(RequestFactory().get(f"/notes?{query}"))
    request.user = user
    return request


def page(order: tuple[str, ...], limit: int, cursor: str | None) -> tuple[list[Any], str | None]:
    query = f"limit={limit}" + (f"&cursor={cursor}" if cursor else "")
    response = keyset_page(
        request_of(query), Note.objects.all(), order=order, render=lambda note: note.id, scope="notes"
    )
    return response.data["items"], response.data["next"]


# Few distinct values, so that almost every page boundary falls between rows that tie on the first keys.
rows = st.lists(st.tuples(st.sampled_from("aAbé "), st.integers(-2, 2), st.integers(0, 3)), max_size=25)


def make(values: list[tuple[str, int, int]]) -> list[Note]:
    return Note.objects.bulk_create(
        Note(text=text, rank=rank, written_at=START + timedelta(microseconds=moment)) for text, rank, moment in values
    )


@database
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=rows, limit=st.integers(1, 30), order=st.sampled_from(sorted(ORDERS.values())))
def test_any_walk_gives_exactly_all_rows_in_order(
    db: None, values: list[tuple[str, int, int]], limit: int, order: tuple[str, ...]
) -> None:
    Note.objects.all().delete()
    make(values)
    seen, cursor = page(order, limit, None)
    while cursor and len(seen) <= len(values):
        more, cursor = page(order, limit, cursor)
        assert more
        seen += more
    assert seen == [note.id for note in Note.objects.order_by(*order)]


@database
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=rows,
    limit=st.integers(1, 7),
    order=st.sampled_from(sorted(ORDERS.values())),
    changes=st.lists(st.tuples(rows.map(lambda many: many[:3]), st.integers(0, 3)), max_size=30),
    chance=st.randoms(use_true_random=False),
)
def test_rows_that_stay_are_seen_once_while_others_come_and_go(
    db: None,
    values: list[tuple[str, int, int]],
    limit: int,
    order: tuple[str, ...],
    changes: list[tuple[list[tuple[str, int, int]], int]],
    chance: Any,
) -> None:
    Note.objects.all().delete()
    stayed = {note.id for note in make(values)}
    seen, cursor = page(order, limit, None)
    for arriving, leaving in changes:
        if not cursor:
            break
        make(arriving)
        gone = chance.sample(sorted(stayed), min(leaving, len(stayed)))
        Note.objects.filter(id__in=gone).delete()
        stayed.difference_update(gone)
        more, cursor = page(order, limit, cursor)
        seen += more
    while cursor and len(seen) < 1_000:
        more, cursor = page(order, limit, cursor)
        seen += more
    assert len(seen) == len(set(seen))
    assert stayed <= set(seen)


@pytest.fixture
def me(api: ApiClient, principal: Callable[..., Principal]) -> ApiClient:
    return api.as_(principal())


@database
def test_the_link_leads_to_the_next_page_and_keeps_the_query(me: ApiClient) -> None:
    make([("a", n, 0) for n in range(5)])
    first = me.get("/notes", limit=3, order="rank")
    address = first.headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
    assert parse_qs(urlsplit(address).query) == {"limit": ["3"], "order": ["rank"], "cursor": [first.json["next"]]}
    second = me.get(address)
    assert [item["rank"] for item in first.json["items"] + second.json["items"]] == [4, 3, 2, 1, 0]
    assert second.json["next"] is None
    assert "Link" not in second.headers


@database
def test_twenty_rows_unless_said_and_a_hundred_at_most(me: ApiClient) -> None:
    make([("a", n, 0) for n in range(101)])
    assert len(me.get("/notes").json["items"]) == 20
    assert len(me.get("/notes", limit=100).json["items"]) == 100


@database
@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "", "x", "99999999999999999999", "٣", " 5"])
def test_any_other_limit_is_refused(me: ApiClient, limit: str) -> None:
    answer = me.get("/notes", limit=limit)
    assert (answer.status, answer.code) == (400, "invalid_input")
    assert answer.json["errors"][0]["pointer"] == "/limit"


@database
def test_totals_are_counted_up_to_a_thousand(me: ApiClient) -> None:
    make([("a", n, 0) for n in range(1000)])
    assert me.get("/notes", limit=1, total="true").json["total"] == {"value": 1000, "relation": "eq"}
    make([("b", 0, 0)])
    assert me.get("/notes", limit=1, total="true").json["total"] == {"value": 1000, "relation": "gte"}
    assert "total" not in me.get("/notes", limit=1).json


@database
def test_an_unknown_query_parameter_is_refused(me: ApiClient) -> None:
    answer = me.get("/notes", ordering="password")
    assert answer.json["errors"] == [
        {"pointer": "/ordering", "code": "unknown_field", "detail": "This field does not exist."}
    ]


def test_json_built_elsewhere_is_passed_on_as_it_is(web: ApiClient, principal: Callable[..., Principal]) -> None:
    assert web.as_(principal()).get("/fragment").json == {"items": [{"id": 1}], "next": None}


def test_an_order_that_leaves_ties_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(ValueError, match="must be unique in Note"):
        keyset_page(request_of(), Note.objects.all(), order=("-rank", "text"), render=str, scope="notes")


# --- cursors ------------------------------------------------------------------------------------------------------

VALUES = (
    True, -5, 2**70, 0.1, 1e300, "ünï\nçödé", new_id(), START, START.replace(microsecond=123456), date(2026, 5, 1),
    Decimal("0.10"), Money(12500, "GHS"),
)  # fmt: skip


def test_a_cursor_carries_values_with_their_types() -> None:
    cursor = write_cursor(request_of(), "notes", VALUES)
    back = read_cursor(request_of(f"cursor={cursor}"), "notes")
    assert back == VALUES
    assert [type(value) for value in back or ()] == [type(value) for value in VALUES]


def test_a_cursor_needs_no_escaping_in_an_address() -> None:
    cursor = write_cursor(request_of(), "notes", VALUES)
    assert set(cursor) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~")


def test_an_order_key_is_never_null() -> None:
    with pytest.raises(TypeError, match="never NULL"):
        write_cursor(request_of(), "notes", [None])


def refused(cursor: str, scope: str = "notes", user: Principal | None = READER) -> bool:
    try:
        read_cursor(request_of(f"cursor={cursor}", user), scope)
    except CursorInvalid:
        return True
    return False


def test_a_cursor_of_somebody_else_of_another_list_or_of_nobody_is_refused() -> None:
    cursor = write_cursor(request_of(), "notes", [1])
    assert not refused(cursor)
    assert refused(cursor, user=Principal(user_id=new_id()))
    assert refused(cursor, user=None)
    assert refused(cursor, scope="jobs")
    assert refused(write_cursor(request_of(user=None), "notes", [1]))


def test_an_altered_cursor_is_refused_at_every_character() -> None:
    cursor = write_cursor(request_of(), "notes", [1, new_id()])
    for position, character in enumerate(cursor):
        other = "A" if character != "A" else "B"
        altered = cursor[:position] + other + cursor[position + 1 :]
        # The last character of base64 has bits that count for nothing.
        if position != len(cursor) - 1:
            assert refused(altered), position


def test_a_cursor_signed_by_nobody_is_refused() -> None:
    body = base64.urlsafe_b64encode(json.dumps([["i", 1]]).encode()).decode().rstrip("=")
    for cursor in ("", ".", body, f"{body}.", f"{body}.AAAA", "a" * 5000, "%00", "ü"):
        assert refused(cursor)


@database
def test_a_bad_cursor_is_400_and_a_cursor_of_another_order_too(me: ApiClient) -> None:
    make([("a", n, 0) for n in range(3)])
    cursor = me.get("/notes", limit=1, order="rank").json["next"]
    assert me.get("/notes", limit=1, order="rank", cursor=cursor).status == 200
    for query in ({"order": "text", "cursor": cursor}, {"order": "rank", "cursor": cursor + "x"}):
        answer = me.get("/notes", **query)
        assert (answer.status, answer.code) == (400, "cursor_invalid")
