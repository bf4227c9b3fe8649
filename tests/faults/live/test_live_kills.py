"""Killed processes, a killed Redis, a database that goes away: nobody misses a message, nobody gets one twice."""

import asyncio
import os
import time

import psycopg
import pytest
from django.db import connections
from psycopg import sql

from tests.faults.live.crowd import Talker, check_books, talk
from tests.messaging.factories import conversation, group
from tests.messaging.live_system import Phone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.domain("messaging", transaction=True),
    pytest.mark.timeout(240),
]


def crowd_of(rooms: int, size: int, *urls: str) -> list[Talker]:
    """Half of each conversation prefers the first address, half the last."""
    return [
        Talker(user_id, str(room.id), urls if place % 2 else urls[::-1])
        for room, people in (group(size) for _ in range(rooms))
        for place, user_id in enumerate(people)
    ]


def test_a_live_process_killed_with_a_hundred_of_two_hundred_clients(start_live, play):
    one, two = start_live(), start_live()
    crowd = crowd_of(20, 10, one.url, two.url)

    async def meanwhile():
        await asyncio.sleep(3)
        await asyncio.to_thread(one.kill)
        await asyncio.sleep(3)
        await asyncio.to_thread(one.start)
        await asyncio.sleep(1)

    play(talk(crowd, pause=0.5, meanwhile=meanwhile()))
    check_books(crowd)
    assert sum(talker.cut_off > 0 for talker in crowd) >= 50


def test_the_only_live_process_killed_again_and_again(start_live, play):
    one = start_live()
    crowd = crowd_of(4, 10, one.url)

    async def meanwhile():
        for _ in range(3):
            await asyncio.sleep(1.5)
            await asyncio.to_thread(one.kill)
            await asyncio.to_thread(one.start)
        await asyncio.sleep(1)

    play(talk(crowd, pause=0.1, meanwhile=meanwhile()))
    check_books(crowd)


def test_redis_killed_in_the_middle_and_back_after_seconds(start_live, play, redis_server):
    one, two = start_live(), start_live()
    crowd = crowd_of(10, 6, one.url, two.url)

    async def meanwhile():
        await asyncio.sleep(1.5)
        await asyncio.to_thread(redis_server._child.kill)
        await asyncio.sleep(4)
        await asyncio.to_thread(redis_server.restart)
        await asyncio.sleep(2)

    play(talk(crowd, pause=0.1, meanwhile=meanwhile()))
    check_books(crowd)
    assert sum(talker.cut_off for talker in crowd) == 0, "nobody who was connected loses the connection"


def test_while_redis_is_dead_messages_arrive_within_seconds_and_nobody_new_comes_in(start_live, play, redis_server):
    one, two = start_live(), start_live()
    room = conversation()

    async def story():
        ama, kofi = await Phone(room.first_id).connect(one.url), await Phone(room.second_id).connect(two.url)
        for phone in (ama, kofi):
            await phone.subscribe(room.id)
        ticket = ama.ticket()
        redis_server._child.kill()
        began = time.monotonic()
        assert (await ama.say(room.id))["type"] == "ack"
        await ama.wait_for_seq(room.id, 1, seconds=0.5)  # at the same process: at once
        await kofi.wait_for_seq(room.id, 1, seconds=5)  # at the other: by looking into the database
        assert time.monotonic() - began < 5
        late = Phone(room.first_id)
        late.ticket = lambda **_: ticket
        with pytest.raises(AssertionError, match="1013"):
            await late.connect(one.url)
        assert late.others[0]["code"] == "unavailable"
        await asyncio.to_thread(redis_server.restart)
        await asyncio.sleep(2)
        assert (await kofi.say(room.id))["type"] == "ack"
        await ama.wait_for_seq(room.id, 2, seconds=0.5)  # by hint again
        assert ama.numbers(room.id) == kofi.numbers(room.id) == [1, 2]

    play(story())


def test_postgresql_gone_for_a_moment_loses_and_doubles_nothing(start_live, play):
    one, two = start_live(), start_live()
    crowd = crowd_of(6, 6, one.url, two.url)

    async def meanwhile():
        for seconds in (0.1, 2.0):
            await asyncio.sleep(1)
            await asyncio.to_thread(lambda pause=seconds: database_gone_for(pause))
        await asyncio.sleep(2)

    play(talk(crowd, pause=0.05, meanwhile=meanwhile()))
    check_books(crowd)


def database_gone_for(seconds: float) -> None:
    """As clients see a restart: every connection breaks, and for a while there are no new ones."""
    name = connections["messaging"].settings_dict["NAME"]
    with psycopg.connect(os.environ["KELMAH_TEST_ADMIN_URL"], dbname="postgres", autocommit=True) as connection:
        closed = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        connection.execute(closed.format(sql.Identifier(name), sql.SQL("false")))
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        time.sleep(seconds)
        connection.execute(closed.format(sql.Identifier(name), sql.SQL("true")))
    connections["messaging"].close()
