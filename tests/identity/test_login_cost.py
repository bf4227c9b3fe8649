"""What a login costs, and what a refusal costs while the hashers are full: in a storm there is most of the latter."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity.actions import hashing
from domains.identity.models import LoginGuard
from tests.identity.factories import PASSWORD, sign_up

pytestmark = [pytest.mark.domain("identity"), pytest.mark.in_process]


@contextmanager
def full() -> Iterator[None]:
    """Nobody more can wait for a hash."""
    taken = 0
    while hashing._turns.room.acquire(blocking=False):
        taken += 1
    try:
        yield
    finally:
        for _ in range(taken):
            hashing._turns.room.release()


def body(email: str, password: str = PASSWORD) -> dict[str, str]:
    return {"login": email, "password": password}


def test_a_login_asks_eight_questions_of_the_database(api):
    """The account; its guard, made or locked; the login written down; factors; sessions; the new one; roles; what is
    taken."""
    email = sign_up().user.email
    api.anonymous.post("/auth/login", body(email))  # of a new device people are told
    for guards in (LoginGuard.objects.all(), LoginGuard.objects.none()):
        guards.delete()
        with CaptureQueriesContext(connections["identity"]) as asked:
            assert api.anonymous.post("/auth/login", body(email)).status == 200
        statements = [each["sql"] for each in asked if not each["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(statements) == 8, statements


def test_while_the_hashers_are_full_nothing_is_counted_read_or_looked_up(api):
    with full(), CaptureQueriesContext(connections["identity"]) as asked:
        answer = api.anonymous.post("/auth/login", body("ama@example.com"))
        unread = api.anonymous.send("POST", "/auth/login", b"{", headers={"Content-Type": "application/json"})
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "unavailable", "2")
    assert (len(asked), "RateLimit" in answer.headers) == (0, False)
    assert unread.status == 503
    assert not LoginGuard.objects.exists()


def test_once_there_is_room_again_the_same_login_comes_through(api):
    email = sign_up().user.email
    with full():
        assert api.anonymous.post("/auth/login", body(email)).status == 503
    answer = api.anonymous.post("/auth/login", body(email))
    assert (answer.status, "RateLimit" in answer.headers) == (200, True)


def test_looking_for_room_takes_none():
    for _ in range(1000):
        hashing.check_room()
