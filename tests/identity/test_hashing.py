"""The queue for a password's hash: short, and at everybody else's feet."""

import os
import sys
import threading
import time

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password

from domains.identity.actions import hashing
from kelmah.errors import Unavailable
from tests.identity.factories import PASSWORD

pytestmark = pytest.mark.in_process


def test_a_password_is_told_from_another_and_from_none():
    stored = make_password(PASSWORD)
    assert hashing.is_password(PASSWORD, stored)
    assert not hashing.is_password(f"{PASSWORD}!", stored)
    assert not hashing.is_password(PASSWORD, None)


def test_whoever_finds_the_queue_full_is_told_at_once_when_to_come_again():
    places = settings.PASSWORD_HASHES_AT_ONCE + settings.PASSWORD_HASHES_WAITING
    for _ in range(places):
        hashing._room.acquire()
    try:
        begun = time.monotonic()
        with pytest.raises(Unavailable) as refused:
            hashing.is_password(PASSWORD, None)
        assert time.monotonic() - begun < hashing.PATIENCE / 4
        assert refused.value.data == {"retry_after": 2}
    finally:
        for _ in range(places):
            hashing._room.release()
    assert not hashing.is_password(PASSWORD, None)


def test_a_refusal_gives_its_place_back():
    for _ in range(settings.PASSWORD_HASHES_AT_ONCE + settings.PASSWORD_HASHES_WAITING + 5):
        with pytest.raises(ZeroDivisionError), hashing.turn():
            _ = 1 / 0
    assert not hashing.is_password(PASSWORD, None)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere niceness is the whole process's")
def test_hashing_gives_way_and_nobody_else_does():
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    ours = niceness()
    assert (
        hashing._giving_way(niceness) == min(19, ours + hashing._NICE) or hashing._giving_way(niceness) == hashing._NICE
    )
    assert niceness() == ours
