"""A durable PostgreSQL of one test's own, behind the alias of one domain; to be killed, dumped and restored."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connections

from kelmah.db import roles
from kelmah.db.migration import migrate_domain
from kelmah.embedded import scratch
from kelmah.embedded.postgres import Postgres
from kelmah.embedded.programs import postgres_programs


@contextmanager
def durable(domain: str) -> Iterator[Postgres]:
    """Made, migrated, and the domain's connections of this process led there; all of it gone afterwards."""
    folder = scratch.new_folder("faults-postgres")
    server = Postgres(home=folder)
    server.start()
    roles.create_database(server.url(), "kelmah")
    roles.prepare(server.url("kelmah"), [domain], password="test")
    usual: Any = dict(connections[domain].settings_dict)
    try:
        led_to(domain, server, "kelmah")
        migrate_domain(domain, lambda line: None)
        yield server
    finally:
        connections[domain].close()
        connections[domain].settings_dict.update(usual)
        server.stop()
        scratch.discard(folder)


def led_to(domain: str, server: Postgres, database: str) -> None:
    """The domain's connections of this thread go there from now on."""
    connections[domain].close()
    connections[domain].settings_dict.update(PORT=str(server.port), NAME=database)


def crash(server: Postgres, how: signal.Signals = signal.SIGKILL) -> None:
    """End it as a power cut (SIGKILL) or as ``pg_ctl stop -m immediate`` does (SIGQUIT), and start it again."""
    assert server._child is not None
    os.kill(server._child.pid, how)
    server._child.wait()
    server.restart()


def tool(server: Postgres, program: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs, to its end."""
    programs = postgres_programs()
    environment = dict(programs.environment(home=Path(server.home)))
    subprocess.run([programs.program(program), *arguments], env=environment, check=True, capture_output=True, text=True)
