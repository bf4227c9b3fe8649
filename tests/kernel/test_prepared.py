"""``prepared_cursor``: what the server keeps of its statements, and that it is a cursor of Django's besides."""

from collections.abc import Sequence

import pytest
from django.db import DatabaseError, connections
from psycopg.types.numeric import Int8

from kelmah.db import prepared_cursor

pytestmark = pytest.mark.domain("files")


def ask(statement: str, values: Sequence[object], times: int) -> list[object]:
    found = []
    for _ in range(times):
        with prepared_cursor("files") as cursor:
            cursor.execute(statement, values)
            found.append(cursor.fetchone()[0])
    return found


def kept(mark: str) -> int:
    """How many statements with this in them the server keeps for our connection."""
    with connections["files"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE strpos(statement, %s) > 0", [mark])
        return int(cursor.fetchone()[0])


def test_what_comes_often_is_kept_and_what_comes_seldom_is_not():
    assert ask("SELECT %s + 1 AS seldom", [Int8(41)], times=5) == [42] * 5
    assert ask("SELECT %s + 1 AS often", [Int8(41)], times=6) == [42] * 6
    assert (kept("AS seldom"), kept("AS often")) == (0, 1)


def test_numbers_of_one_width_are_one_statement():
    for number in (1, 2**20, 2**40):
        ask("SELECT %s AS wide", [Int8(number)], times=6)
    assert kept("AS wide") == 1


def test_it_is_counted_as_any_other(django_assert_num_queries):
    with django_assert_num_queries(7, using="files"):
        ask("SELECT %s AS counted", [Int8(1)], times=7)


def test_its_errors_are_djangos():
    with pytest.raises(DatabaseError, match="division by zero"):
        ask("SELECT 1 / %s", [Int8(0)], times=1)


def test_a_cursor_of_the_usual_kind_prepares_nothing():
    for _ in range(10):
        with connections["files"].cursor() as cursor:
            cursor.execute("SELECT %s AS usual", [1])
    assert kept("AS usual") == 0
