"""The lease queue under conditions that tests of delivery don't meet: a long backlog, leases that end at once."""

import json
import os
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connections

from kelmah.db import atomic
from kelmah.events.inbox import hear
from kelmah.events.queue import inbox, outbox
from kelmah.events.relay import relay
from tests.probe import actions
from tests.probe.models import Effect, Inbox, Outbox, Tally

pytestmark = pytest.mark.domain("probe", transaction=True)

Statement = tuple[str, Any]


def fill(table: type[Outbox] | type[Inbox], count: int, *, keys: int) -> None:
    """Rows as they would be published or delivered, of many keys in turn."""
    part = {"target": "probe"} if table is Outbox else {"handler": "tests.probe.handlers.on_counted", "source": "probe"}
    table.objects.bulk_create(
        table(
            event_id=f"00000000-0000-0000-0000-{number:012}",
            topic="probe.Counted",
            event_version=1,
            key=f"line {number % keys}",
            payload={"line": f"line {number % keys}", "number": number},
            occurred_at="2026-01-01T00:00:00Z",
            **part,
        )
        for number in range(count)
    )


def explained(statement: Statement) -> dict[str, Any]:
    """The plan of a claim as it was carried out, which is then undone."""
    sql, values = statement
    before, _, claim = sql.partition("WITH head")
    with pytest.raises(ZeroDivisionError), atomic("probe"), connections["probe"].cursor() as cursor:
        cursor.execute(f"{before}EXPLAIN (ANALYZE, FORMAT JSON) WITH head{claim}", values)
        while cursor.nextset():
            pass
        found = cursor.fetchone()[0]
        raise ZeroDivisionError
    return (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


def as_administrator(statement: str) -> None:
    with psycopg.connect(os.environ["KELMAH_TEST_ADMIN_URL"], autocommit=True) as connection:
        connection.execute(statement)


def rows_read(plan: dict[str, Any]) -> int:
    """The most that any step of the plan looked at."""
    here = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return max([here, *(rows_read(step) for step in plan.get("Plans", ()))])


@pytest.mark.parametrize("known", ["when it was empty", "when it had been emptied", "now"])
@pytest.mark.parametrize(("table", "queue"), [(Outbox, outbox), (Inbox, inbox)], ids=["outbox", "inbox"])
def test_a_claim_reads_as_much_as_it_takes_whatever_the_statistics_say(
    table: type[Outbox] | type[Inbox], queue: Callable[[str], Any], known: str
) -> None:
    if known == "when it had been emptied":  # its pages are there, and nothing is known to be in them
        fill(table, 3000, keys=500)
        table.objects.all().delete()
    if known == "now":
        fill(table, 3000, keys=500)
    as_administrator(f"ANALYZE probe.{table._meta.db_table}")
    if known != "now":
        fill(table, 3000, keys=500)
    statements: list[Statement] = []

    def note(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        statements.append((sql, values))
        return execute(sql, values, many, context)

    with connections["probe"].execute_wrapper(note):
        taken = queue("probe").claim(parts=["probe"] if table is Outbox else None, limit=100)
    assert len(taken) == 100
    assert rows_read(explained(statements[0])) <= 600  # the hundred that are leased by now, the next, and their probes


def test_what_a_claim_asks_of_the_planner_and_the_disk_ends_with_it() -> None:
    fill(Outbox, 3, keys=3)
    before = planner_and_disk()
    outbox("probe").remove(outbox("probe").claim())
    assert planner_and_disk() == before
    assert not Outbox.objects.exists()


def planner_and_disk() -> list[Any]:
    with connections["probe"].cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name ~ '^enable_|^synchronous_commit$'")
        return sorted(cursor.fetchall())


def test_workers_whose_leases_end_at_once_hear_everything_once_and_in_order(
    race: Callable[..., list[Any]], settings: Any
) -> None:
    settings.EVENT_LEASE_SECONDS = 0  # each takes what the others are working on
    settings.EVENT_MAX_ATTEMPTS = 10_000
    lines = [f"line {number}" for number in range(4)]
    for number in range(1, 26):
        for line in lines:
            actions.count(line, number)
            actions.tally(line, number)

    def work() -> None:
        while Outbox.objects.exists() or Inbox.objects.filter(completed_at=None).exists():
            relay("probe", limit=11)
            hear("probe", limit=7)

    assert race(work, 4) == [None] * 4
    for line in lines:
        heard = list(Effect.objects.filter(line=line).order_by("id").values_list("number", flat=True))
        assert heard == list(range(1, 26))
    assert {(tally.count, tally.last) for tally in Tally.objects.all()} == {(25, 25)}
