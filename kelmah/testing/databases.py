"""The database of a test process: made, migrated, and wiped after tests that commit."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypedDict
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from psycopg import sql

from kelmah.db import roles
from kelmah.db.migration import migrate_domain
from kelmah.testing.servers import test_postgres_url

PASSWORD = "test"  # noqa: S105 - of roles on a server that lives as long as the test run


@contextmanager
def prepared() -> Iterator[None]:
    """Point every alias at a fresh database of this process, migrate it, and drop it at the end."""
    server = test_postgres_url()
    name = f"kelmah_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    roles.create_database(server, name)
    roles.prepare(url, settings.LOCAL_DOMAINS, password=PASSWORD)
    where = urlsplit(url)
    for alias in connections:
        settings_of = connections.settings[alias]
        settings_of.update(HOST=where.hostname, PORT=str(where.port), NAME=name, PASSWORD=PASSWORD)
        settings_of["TEST"] = settings_of["TEST"] | {"NAME": name}
        connections[alias].close()
    for domain in settings.LOCAL_DOMAINS:
        migrate_domain(domain, lambda line: None)
    os.environ["KELMAH_TEST_ADMIN_URL"] = url
    wipe = _Wipe(url)
    # Django's flush needs TRUNCATE, which the run-time roles rightly lack and the ledger's triggers deny.
    case: Any = TransactionTestCase
    usual, case._fixture_teardown = case._fixture_teardown, wipe
    try:
        yield
    finally:
        case._fixture_teardown = usual
        connections.close_all()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


class Place(TypedDict):
    DATABASE_URL: str
    DATABASE_ROLE_PASSWORD: str


def where_it_is() -> Place:
    """The environment of a process that shall use the database of this one."""
    url = urlsplit(os.environ["KELMAH_TEST_ADMIN_URL"])
    place = f"postgresql://{url.hostname}:{url.port}{url.path}"  # without the superuser's name
    return {"DATABASE_URL": place, "DATABASE_ROLE_PASSWORD": PASSWORD}


def rows_of(domain: str, tables: Iterable[str]) -> dict[str, list[tuple[str]]]:
    """Every row of a domain's tables, as text: to see that a refusal changed nothing."""
    with connections[domain].cursor() as cursor:
        found = {}
        for table in tables:
            every = sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(sql.Identifier(f"{domain}_{table}"))
            cursor.execute(every.as_string())
            found[table] = cursor.fetchall()
    return found


class _Wipe:
    """Empties every table, except those that migrations filled with reference data."""

    def __init__(self, url: str) -> None:
        self.url = url
        with psycopg.connect(url) as connection:
            tables = connection.execute(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)", [list(settings.LOCAL_DOMAINS)]
            ).fetchall()
            self.tables = [table for table in tables if not _has_rows(connection, table)]

    def __call__(self, *_: Any) -> None:
        with psycopg.connect(self.url) as connection:
            # Triggers and foreign keys stay silent: the whole database is emptied, in any order.
            connection.execute("SET session_replication_role = replica")
            for table in self.tables:
                if _has_rows(connection, table):
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(*table)))

    def __get__(self, instance: Any, owner: Any) -> "_Wipe":
        return self


def _has_rows(connection: psycopg.Connection, table: tuple[str, str]) -> bool:
    row = connection.execute(sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(sql.Identifier(*table))).fetchone()
    return bool(row and row[0])
