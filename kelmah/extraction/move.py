"""A domain's schema, with everything in it, from one database to another: dumped, restored, and compared row by row."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from kelmah.embedded.programs import postgres_programs

_RELATIONS = "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind = ANY(%s) ORDER BY 1"


@dataclass(frozen=True)
class Contents:
    """``tables``: rows and an order-free checksum of all their text, by name; ``sequences``: the last value given."""

    tables: Mapping[str, tuple[int, str]]
    sequences: Mapping[str, int]

    @property
    def rows(self) -> int:
        return sum(count for count, _ in self.tables.values())


class NotTheSame(Exception):
    """What arrived is not what was sent."""


def contents_of(domain: str, url: str) -> Contents:
    """What the domain's schema holds, seen by the administrator whose URL this is."""
    with psycopg.connect(url) as connection:
        # Times and numbers as text must not depend on who asks.
        connection.execute("SET TimeZone = 'UTC'; SET extra_float_digits = 3")
        tables = {name: _sum(connection, domain, name) for name in _names(connection, domain, "r")}
        sequences = {name: _last(connection, domain, name) for name in _names(connection, domain, "S")}
    return Contents(tables, sequences)


def move(domain: str, *, source: str, target: str, scratch: Path) -> Contents:
    """Copy the schema from the database ``source`` into ``target`` in place of what is there; returns what arrived.

    Nobody may write to it meanwhile. Raises NotTheSame, and CalledProcessError when PostgreSQL's tools refuse.
    """
    dump = scratch / f"{domain}.dump"
    _run("pg_dump", "--format=custom", f"--schema={domain}", f"--file={dump}", f"--dbname={source}", scratch=scratch)
    with psycopg.connect(target) as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(domain)))
    _run("pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={target}", str(dump), scratch=scratch)
    dump.unlink()
    return compare(domain, source, target)


def compare(domain: str, one: str, other: str) -> Contents:
    """What both databases hold of the domain. Raises NotTheSame, which names what differs."""
    here, there = contents_of(domain, one), contents_of(domain, other)
    if here != there:
        tables = sorted(
            name for name in {*here.tables, *there.tables} if here.tables.get(name) != there.tables.get(name)
        )
        raise NotTheSame(f"{domain}: not the same in both: {', '.join(tables) or 'the values of sequences'}.")
    return here


# Private functions


def _names(connection: psycopg.Connection, domain: str, kind: str) -> list[str]:
    return [name for (name,) in connection.execute(_RELATIONS, [domain, [kind]]).fetchall()]


def _sum(connection: psycopg.Connection, domain: str, table: str) -> tuple[int, str]:
    every = sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM {} AS t")
    ((count, checksum),) = connection.execute(every.format(sql.Identifier(domain, table))).fetchall()
    return count, checksum


def _last(connection: psycopg.Connection, domain: str, sequence: str) -> int:
    last = sql.SQL("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {}")
    ((value,),) = connection.execute(last.format(sql.Identifier(domain, sequence))).fetchall()
    return int(value)


def _run(program: str, *arguments: str, scratch: Path) -> None:
    programs = postgres_programs()
    subprocess.run(  # noqa: S603 - PostgreSQL's own tools
        [programs.program(program), *arguments],
        env=dict(programs.environment(home=scratch)),
        check=True,
        capture_output=True,
        text=True,
    )
