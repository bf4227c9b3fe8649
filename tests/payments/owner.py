"""The database as its owner or administrator sees it: for attacks that the run-time role can't even try."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


@contextmanager
def as_owner() -> Iterator[psycopg.Connection]:
    """A connection with the rights of the role that migrates, in a transaction that commits at the end."""
    with psycopg.connect(os.environ["KELMAH_TEST_ADMIN_URL"]) as connection:
        connection.execute("SET ROLE kelmah_payments_owner")
        connection.execute("SET search_path = payments")
        yield connection


@contextmanager
def guards_down() -> Iterator[psycopg.Connection]:
    """An administrator with triggers and foreign keys silenced: whoever gets this far can break anything."""
    with psycopg.connect(os.environ["KELMAH_TEST_ADMIN_URL"]) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET search_path = payments")
        yield connection


def refusal_of(statement: str, *parameters: object) -> str | None:
    """The SQLSTATE with which the owner's statement, or its commit, is refused; None when it is not."""
    try:
        with as_owner() as connection:
            connection.execute(statement, parameters)
    except psycopg.Error as error:
        return error.sqlstate
    return None
