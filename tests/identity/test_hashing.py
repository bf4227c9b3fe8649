"""The queue for a password's hash: short."""

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
        hashing._turns.room.acquire()
    try:
        begun = time.monotonic()
        with pytest.raises(Unavailable) as refused:
            hashing.is_password(PASSWORD, None)
        assert time.monotonic() - begun < hashing.PATIENCE / 4
        assert refused.value.data == {"retry_after": 2}
    finally:
        for _ in range(places):
            hashing._turns.room.release()
    assert not hashing.is_password(PASSWORD, None)


def test_a_refusal_gives_its_place_back():
    for _ in range(settings.PASSWORD_HASHES_AT_ONCE + settings.PASSWORD_HASHES_WAITING + 5):
        with pytest.raises(ZeroDivisionError), hashing.turn():
            _ = 1 / 0
    assert not hashing.is_password(PASSWORD, None)
