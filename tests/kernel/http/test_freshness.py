"""Steps that ask who is there now, and sessions that may only add a factor."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kelmah import clock
from kelmah.http.authentication import read_access_token
from kelmah.http.freshness import is_fresh
from kelmah.testing.client import ApiClient

Sign = Callable[..., str]


def ago(**time: int) -> int:
    return int((clock.now() - timedelta(**time)).timestamp())


def test_a_login_counts_as_proof_for_ten_minutes(web: ApiClient, sign: Sign) -> None:
    assert web.with_token(sign(auth_time=ago(minutes=9, seconds=30))).post("/vault").status == 200
    late = web.with_token(sign(auth_time=ago(minutes=10, seconds=2))).post("/vault")
    assert (late.status, late.code) == (403, "step_up_required")
    assert late.json["data"] == {"step_up": "/api/v1/auth/step-up", "fresh_for": 600}


def test_ten_minutes_are_ten_minutes_to_the_microsecond(sign: Sign) -> None:
    _, token = read_access_token(sign(fresh=ago(minutes=1)))
    end = token.fresh_at + timedelta(minutes=10)
    assert is_fresh(token, now=end)
    assert not is_fresh(token, now=end + timedelta(microseconds=1))


def test_a_newer_proof_than_the_login_counts_and_an_older_one_does_too(web: ApiClient, sign: Sign) -> None:
    assert web.with_token(sign(auth_time=ago(days=3), fresh=ago(seconds=5))).post("/vault").status == 200
    stale = sign(auth_time=ago(seconds=5), fresh=ago(days=3))
    assert web.with_token(stale).post("/vault").code == "step_up_required"


def test_looking_needs_no_proof(web: ApiClient, sign: Sign) -> None:
    assert web.with_token(sign(fresh=ago(days=3))).get("/vault").status == 200


def test_nobody_is_asked_to_log_in_and_not_to_step_up(web: ApiClient) -> None:
    assert web.post("/vault").code == "unauthenticated"
    assert web.post("/open-vault").status == 200


def test_a_proof_is_asked_for_where_anyone_may_come(web: ApiClient, sign: Sign) -> None:
    assert web.with_token(sign(fresh=ago(days=3))).post("/open-vault").code == "step_up_required"


@pytest.mark.parametrize("limited", [True, 1, "no", []])
def test_a_limited_session_opens_nothing_but_its_gate(web: ApiClient, sign: Sign, limited: Any) -> None:
    held = web.with_token(sign(limited=limited))
    for answer in (held.get("/whoami"), held.get("/open"), held.post("/vault")):
        assert (answer.status, answer.code) == (403, "enrolment_required")
    assert held.post("/gate").status == 200
    assert web.with_token(sign(limited=False)).get("/whoami").status == 200


def test_the_wrong_role_is_told_before_freshness(web: ApiClient, sign: Sign) -> None:
    assert web.with_token(sign(limited=True, roles=["worker"])).get("/hirers").code == "wrong_role"


@pytest.mark.parametrize("fresh", ["now", None, [], {"a": 1}, 10**30])
def test_a_proof_time_that_is_none_is_refused_or_not_there(web: ApiClient, sign: Sign, fresh: Any) -> None:
    answer = web.with_token(sign(fresh=fresh, auth_time=ago(days=3))).post("/vault")
    assert answer.code == ("step_up_required" if fresh is None else "token_invalid")
