"""Whether a domain starts without any other's code, and can't read any other's data."""

import os
import subprocess
import sys
from collections.abc import Iterable

import psycopg
from psycopg import sql

from kelmah.db.roles import runtime_role
from kelmah.embedded.folders import CLONE
from kelmah.extraction.system import RehearsalFailed


def is_as_promised() -> None:
    """Raises RehearsalFailed unless ``manage.py verify`` finds every promise of the architecture kept."""
    _check("verify")


def boots_alone(domain: str) -> None:
    """Raises RehearsalFailed unless the domain's system checks pass with all other domains un-importable."""
    _check("check", KELMAH_ALONE=domain)


def reads_only_its_own(domain: str, *, url: str, others: Iterable[str]) -> None:
    """Raises RehearsalFailed unless PostgreSQL refuses the domain's run-time role every other domain's schema.

    ``url`` is the administrator's, of the database that holds them all.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(runtime_role(domain))))
        for other in others:
            try:
                connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(other, f"{other}_outbox")))
            except psycopg.errors.InsufficientPrivilege:
                continue
            raise RehearsalFailed(f"{domain} can read {other}'s tables.")


def _check(command: str, **environment: str) -> None:
    ended = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "manage.py", command],
        cwd=CLONE,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise RehearsalFailed(f"`manage.py {command}` {environment or ''} failed:\n{ended.stderr[-2000:]}")
