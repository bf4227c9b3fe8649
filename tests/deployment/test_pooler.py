"""PgBouncer in transaction mode between us and PostgreSQL, for real: a connection's server is another each time."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import psycopg
import pytest

from domains.payments.models import LedgerTransaction
from kelmah.embedded import scratch
from kelmah.embedded.account import server_account
from kelmah.embedded.child import start_child, stop_child
from kelmah.embedded.folders import CLONE, make_folder
from kelmah.embedded.ports import HOST, answers, free_port
from kelmah.testing.databases import where_it_is
from tests.deployment.conftest import until
from tests.deployment.posting import THREADS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.domain("payments", transaction=True)]

PGBOUNCER = "/usr/sbin/pgbouncer"
TIMES = 25


@pytest.fixture
def pooler() -> Iterator[str]:
    """The address of payments' database through a pooler with two connections to it."""
    place, port, account = urlsplit(where_it_is()["DATABASE_URL"]), free_port(), server_account()
    folder = scratch.new_folder("pooler")
    own = make_folder(folder / "own", owner=account)
    config = {
        "listen_addr": HOST,
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": "transaction",
        "default_pool_size": 2,
    }
    database = f"* = host={place.hostname} port={place.port} user=kelmah_payments"
    lines = ["[databases]", database, "[pgbouncer]", *(f"{name} = {value}" for name, value in config.items())]
    (own / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
    (own / "pgbouncer.ini").chmod(0o644)
    with (folder / "output").open("wb") as output:
        child = start_child(
            [PGBOUNCER, str(own / "pgbouncer.ini")],
            env={},
            cwd=own,
            output=output,
            on_parent_death=signal.SIGKILL,
            account=account,
        )
    try:
        until(lambda: answers(port) or child.poll() is not None, "PgBouncer does not listen")
        assert child.poll() is None, (folder / "output").read_text()
        yield place._replace(netloc=f"{HOST}:{port}").geturl()
    finally:
        stop_child(child, how=signal.SIGINT)
        scratch.discard(folder)


def posts(database: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What became of a process that posts by that address."""
    return subprocess.run(
        [sys.executable, "-m", "tests.deployment.posting", str(TIMES)],
        cwd=CLONE,
        env={**os.environ, **where_it_is(), "DATABASE_URL": database, "LOCAL_DOMAINS": "payments", **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_ledger_posts_through_a_pooler_when_nothing_is_prepared(pooler):
    ended = posts(pooler, DATABASE_PREPARED_STATEMENTS="no")
    assert ended.returncode == 0, ended.stderr
    assert LedgerTransaction.objects.filter(idem__startswith="pooled:").count() == TIMES * THREADS


def test_the_pooler_of_this_test_does_share_servers(pooler):
    """Else the test above would say nothing."""
    with ExitStack() as stack:
        clients = [stack.enter_context(psycopg.connect(pooler, user="kelmah_payments")) for _ in range(3)]
        servers = set()
        for client in clients:
            servers.add(client.execute("SELECT pg_backend_pid()").fetchone())
            client.commit()
    assert len(servers) < len(clients)
