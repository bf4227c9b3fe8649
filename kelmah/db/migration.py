"""Migrating domain by domain, as the owner role."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from kelmah.db.roles import owner_role
from kelmah.db.router import HOUSED_WITH_IDENTITY


@contextmanager
def as_owner(alias: str) -> Iterator[None]:
    """The alias speaks as its owner role inside this block; outside it, as the run-time role again."""
    connection: Any = connections[alias]
    usual = connection.settings_dict
    connection.close()
    if connection.pool:
        connection.close_pool()
    options = {name: value for name, value in usual["OPTIONS"].items() if name != "pool"}
    connection.settings_dict = {**usual, "USER": owner_role(alias), "OPTIONS": options}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = usual


def migrate_domain(alias: str, tell: Callable[[str], None]) -> int:
    """Apply what is missing to one domain's schema; returns how many migrations that was."""
    with as_owner(alias):
        connection = connections[alias]
        connection.prepare_database()
        executor = MigrationExecutor(connection)
        targets = [node for node in executor.loader.graph.leaf_nodes() if node[0] in _apps_of(alias)]
        missing = [migration for migration, backwards in executor.migration_plan(targets) if not backwards]
        if not missing:
            return 0
        tell(f"{alias}: {len(missing)} migrations to apply")
        for label in _apps_of(alias):
            call_command("migrate", label, database=alias, verbosity=0, interactive=False)
        return len(missing)


def _apps_of(alias: str) -> list[str]:
    housed = sorted(HOUSED_WITH_IDENTITY & set(apps.app_configs)) if alias == "identity" else []
    return [alias, *housed]
