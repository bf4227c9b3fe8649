"""The walls in PostgreSQL: roles, schemas and grants, tried with raw SQL through every domain's own connection."""

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connections

pytestmark = pytest.mark.domain("*")

PAIRS = [(domain, settings.LOCAL_DOMAINS[i - 1]) for i, domain in enumerate(settings.LOCAL_DOMAINS)]


def refusal(alias: str, statement: str) -> str:
    """The SQLSTATE with which PostgreSQL refuses the statement."""
    with pytest.raises(DatabaseError) as error, connections[alias].cursor() as cursor:
        cursor.execute(statement)
    assert isinstance(error.value.__cause__, psycopg.Error)
    return str(error.value.__cause__.sqlstate)


@pytest.mark.parametrize(("domain", "other"), PAIRS)
@pytest.mark.parametrize("verb", ["SELECT * FROM {}", "DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES"])
def test_a_domain_reaches_no_table_of_another(domain, other, verb):
    assert refusal(domain, verb.format(f'"{other}"."{other}_outbox"')) == "42501"  # insufficient_privilege


@pytest.mark.parametrize(("domain", "other"), PAIRS)
def test_another_domains_tables_have_no_unqualified_name(domain, other):
    assert refusal(domain, f"SELECT * FROM {other}_outbox") == "42P01"  # undefined_table


@pytest.mark.parametrize("domain", settings.LOCAL_DOMAINS)
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "TRUNCATE {domain}_outbox",
        "ALTER TABLE {domain}_outbox ADD COLUMN sneaky int",
        "DROP TABLE {domain}_outbox",
        "CREATE SCHEMA mine",
        "CREATE TABLE public.mine (id int)",
    ],
)
def test_the_run_time_role_changes_rows_and_nothing_else(domain, statement):
    assert refusal(domain, statement.format(domain=domain)) == "42501"


@pytest.mark.parametrize("domain", settings.LOCAL_DOMAINS)
def test_alias_schema_and_role_are_one_word(domain):
    with connections[domain].cursor() as cursor:
        cursor.execute("SELECT current_user, current_schema()")
        assert cursor.fetchone() == (f"kelmah_{domain}", domain)


def test_the_default_alias_may_touch_no_domain():
    parameters = {**connections["default"].get_connection_params()}
    for unknown in ("cursor_factory", "context", "server_side_binding", "prepare_threshold"):
        parameters.pop(unknown, None)
    with psycopg.connect(**parameters) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM payments.payments_outbox")
