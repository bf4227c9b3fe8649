"""Hints carry a frame, its number and whose they are; losing one is no error."""

import pytest
import redis

from kelmah.http.store import store
from kelmah.live.hints import EPOCH, channel_of, give_hint, pack, unpack


def test_a_hint_is_unpacked_as_it_was_packed():
    assert unpack(pack(b'{"type":"message"}', seq=7, epoch=EPOCH)) == (EPOCH, 7, b'{"type":"message"}')


def test_a_hint_given_from_outside_belongs_to_no_live_process():
    assert unpack(pack(b"x")).epoch not in (EPOCH, b"")


def test_what_is_too_short_is_no_hint():
    with pytest.raises(ValueError, match="too short"):
        unpack(b"short")


def test_a_hint_reaches_whoever_listens():
    listener = store().pubsub(ignore_subscribe_messages=True)
    listener.subscribe(channel_of("user:1"))
    listener.get_message(timeout=1)
    give_hint("user:1", b"news")
    assert unpack(listener.get_message(timeout=2)["data"]).frame == b"news"


def test_without_redis_a_hint_is_lost_and_nothing_else(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    give_hint("user:1", b"news")
    with pytest.raises(redis.ConnectionError):
        store().ping()
