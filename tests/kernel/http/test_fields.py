"""Input is taken for what it is, and what is wrong is pointed at."""

from collections.abc import Callable
from typing import Any

import pytest

from kelmah.ids import new_id
from kelmah.principal import Principal
from kelmah.testing.client import Answer, ApiClient
from tests.kernel.http.expectations import assert_problem


@pytest.fixture
def me(web: ApiClient, principal: Callable[..., Principal]) -> ApiClient:
    return web.as_(principal())


def errors_of(answer: Answer) -> dict[str, str]:
    assert_problem(answer, 400, "invalid_input")
    return {error["pointer"]: error["code"] for error in answer.json["errors"]}


def test_each_wrong_field_is_pointed_at(me: ApiClient) -> None:
    body = {
        "text": "",
        "price": {"amount": 1.5, "currency": "XXX"},
        "lines": [{"label": "fine"}, {"label": "too long a label", "count": 0}, {"label": "a", "a/b~c": 1}],
        "tags": ["a", "longer"],
        "role": "admin",
    }
    assert errors_of(me.post("/echo", body)) == {
        "/text": "blank",
        "/price/amount": "amount_invalid",
        "/price/currency": "unknown_currency",
        "/lines/1/label": "max_length",
        "/lines/1/count": "min_value",
        "/lines/2/a~1b~0c": "unknown_field",
        "/tags/1": "max_length",
        "/role": "unknown_field",
    }


def test_a_missing_field_and_a_null(me: ApiClient) -> None:
    assert errors_of(me.post("/echo", {})) == {"/text": "required"}
    assert errors_of(me.post("/echo", {"text": None})) == {"/text": "null"}


@pytest.mark.parametrize("text", [5, True, ["a"], {"a": 1}, "nul\x00l", 1.5])
def test_a_text_is_a_json_string_without_null_characters(me: ApiClient, text: Any) -> None:
    assert "/text" in errors_of(me.post("/echo", {"text": text}))


def test_a_text_is_trimmed_and_bounded_without_being_told(me: ApiClient) -> None:
    assert me.post("/echo", {"text": "  a "}).json == {"text": "a"}
    assert me.post("/echo", {"text": "a" * 2000}).status == 200
    assert errors_of(me.post("/echo", {"text": "a" * 2001})) == {"/text": "max_length"}


def test_lists_are_bounded_without_being_told(me: ApiClient) -> None:
    assert me.post("/echo", {"text": "a", "tags": ["b"] * 1000}).status == 200
    assert errors_of(me.post("/echo", {"text": "a", "tags": ["b"] * 1001})) == {"/tags": "max_length"}
    assert errors_of(me.post("/echo", {"text": "a", "lines": [{"label": "b"}] * 1001})) == {"/lines": "max_length"}


@pytest.mark.parametrize("count", ["3", 3.0, True, None, 10**30])
def test_a_number_is_a_json_integer(me: ApiClient, count: Any) -> None:
    assert "/lines/0/count" in errors_of(me.post("/echo", {"text": "a", "lines": [{"label": "b", "count": count}]}))


@pytest.mark.parametrize("value", [0, 1, "true", "yes", None])
def test_a_switch_is_a_json_boolean(me: ApiClient, value: Any) -> None:
    assert "/loud" in errors_of(me.post("/echo", {"text": "a", "loud": value}))


def test_a_uuid_has_one_form(me: ApiClient) -> None:
    good = new_id()
    assert me.post("/echo", {"text": "a", "owner": str(good)}).json["owner"] == str(good)
    for value in (good.hex, f"{{{good}}}", good.urn, good.int, f" {good}", f"{good}\n", 1, None):
        assert "/owner" in errors_of(me.post("/echo", {"text": "a", "owner": value}))


def test_a_moment_has_an_offset(me: ApiClient) -> None:
    assert (
        me.post("/echo", {"text": "a", "due": "2026-05-01T09:00:00+02:00"}).json["due"] == "2026-05-01 07:00:00+00:00"
    )
    assert me.post("/echo", {"text": "a", "due": "2026-05-01T07:00:00Z"}).json["due"] == "2026-05-01 07:00:00+00:00"
    assert errors_of(me.post("/echo", {"text": "a", "due": "2026-05-01T09:00:00"})) == {"/due": "zone_missing"}
    for value in ("2026-05-01", "tomorrow", 1777626000, "9999-12-31T23:59:59-14:00", None):
        assert "/due" in errors_of(me.post("/echo", {"text": "a", "due": value}))


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (5, {"/price": "invalid"}),
        ("5 GHS", {"/price": "invalid"}),
        ({}, {"/price/amount": "required", "/price/currency": "required"}),
        ({"amount": "5", "currency": "GHS"}, {"/price/amount": "amount_invalid"}),
        ({"amount": 5.0, "currency": "GHS"}, {"/price/amount": "amount_invalid"}),
        ({"amount": True, "currency": "GHS"}, {"/price/amount": "amount_invalid"}),
        ({"amount": 0, "currency": "GHS"}, {"/price/amount": "too_small"}),
        ({"amount": -5, "currency": "GHS"}, {"/price/amount": "too_small"}),
        ({"amount": 1001, "currency": "GHS"}, {"/price/amount": "too_large"}),
        ({"amount": 2**64, "currency": "GHS"}, {"/price/amount": "amount_invalid"}),
        ({"amount": 5, "currency": "USD"}, {"/price/currency": "unknown_currency"}),
        ({"amount": 5, "currency": ["GHS"]}, {"/price/currency": "unknown_currency"}),
        ({"amount": 5, "currency": "GHS", "minor": 1}, {"/price/minor": "unknown_field"}),
    ],
)
def test_money_is_whole_minor_units_of_a_known_currency(me: ApiClient, price: Any, expected: dict[str, str]) -> None:
    assert errors_of(me.post("/echo", {"text": "a", "price": price})) == expected


def test_money_within_its_limits(me: ApiClient) -> None:
    for amount, currency, text in ((1, "GHS", "0.01 GHS"), (1000, "JPY", "1000 JPY")):
        answer = me.post("/echo", {"text": "a", "price": {"amount": amount, "currency": currency}})
        assert answer.json["price"] == text
