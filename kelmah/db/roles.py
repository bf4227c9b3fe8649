"""Roles, schemas and grants: what keeps a domain out of another's tables.

Per domain an owner role, which migrates, and a run-time role, which reads and writes rows of its own schema and
nothing else. ``prepare`` is run by an administrator, once and again without harm.
"""

from collections.abc import Iterable

import psycopg
from psycopg import sql

EXTENSIONS = ("pg_trgm", "btree_gist", "btree_gin", "unaccent", "cube", "earthdistance")


def runtime_role(domain: str) -> str:
    return f"kelmah_{domain}"


def owner_role(domain: str) -> str:
    return f"kelmah_{domain}_owner"


def create_database(admin_url: str, name: str) -> bool:
    """Make the database unless it exists; True when it was made. ``admin_url`` must name another database."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return False
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return True


def prepare(admin_url: str, domains: Iterable[str], *, password: str) -> None:
    """Create extensions, roles, schemas and grants for the domains in the database that ``admin_url`` names."""
    # Roles are shared by all databases of a server, advisory locks are not: two preparing at once meet in "postgres".
    with psycopg.connect(admin_url, dbname="postgres") as gate, psycopg.connect(admin_url) as connection:
        gate.execute("SELECT pg_advisory_xact_lock(hashtext('kelmah.roles'))")
        database, nobody = connection.info.dbname, runtime_role("nobody")
        _wall_off(connection, database)
        _role(connection, nobody, password)
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(*_ids(database, nobody)))
        for domain in domains:
            _domain(connection, database, domain, password)


def _wall_off(connection: psycopg.Connection, database: str) -> None:
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    connection.execute("CREATE SCHEMA IF NOT EXISTS extensions")
    connection.execute("GRANT USAGE ON SCHEMA extensions TO PUBLIC")
    for extension in EXTENSIONS:
        connection.execute(
            sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA extensions CASCADE").format(sql.Identifier(extension))
        )


def _domain(connection: psycopg.Connection, database: str, domain: str, password: str) -> None:
    owner, runtime = owner_role(domain), runtime_role(domain)
    _role(connection, owner, password)
    _role(connection, runtime, password)
    statements = (
        "GRANT CONNECT ON DATABASE {db} TO {owner}, {runtime}",
        "CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}",
        "GRANT USAGE ON SCHEMA {schema} TO {runtime}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {runtime}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {runtime}",
        "ALTER ROLE {owner} IN DATABASE {db} SET search_path = {schema}, extensions",
        "ALTER ROLE {runtime} IN DATABASE {db} SET search_path = {schema}, extensions",
        # A forgotten transaction must not hold locks for ever; a lock wait must end in a clear error.
        "ALTER ROLE {runtime} IN DATABASE {db} SET idle_in_transaction_session_timeout = '30s'",
        "ALTER ROLE {runtime} IN DATABASE {db} SET lock_timeout = '10s'",
        "ALTER ROLE {runtime} IN DATABASE {db} SET statement_timeout = '30s'",
        "ALTER ROLE {runtime} IN DATABASE {db} SET jit = off",
    )
    names = dict(zip(("db", "owner", "runtime", "schema"), _ids(database, owner, runtime, domain), strict=True))
    for statement in statements:
        connection.execute(sql.SQL(statement).format(**names))


def _role(connection: psycopg.Connection, role: str, password: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if exists else "CREATE"
    connection.execute(
        sql.SQL(verb + " ROLE {} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
            sql.Identifier(role), sql.Literal(password)
        )
    )


def _ids(*names: str) -> list[sql.Identifier]:
    return [sql.Identifier(name) for name in names]
