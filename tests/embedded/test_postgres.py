"""The embedded PostgreSQL: ready fast, keeps what it should, never outlives its parent, never shares its files."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from kelmah.embedded.account import server_account
from kelmah.embedded.errors import AlreadyRunning
from kelmah.embedded.folders import CLONE
from kelmah.embedded.ports import answers
from kelmah.embedded.postgres import Postgres

# A process of its own that starts a server, tells where, and waits to be killed.
HOLDER = """
import sys, time
from pathlib import Path
from kelmah.embedded.postgres import Postgres
server = Postgres(home=Path(sys.argv[1])) if len(sys.argv) > 1 else Postgres.for_tests()
server.start()
print(server.port, server.home, flush=True)
time.sleep(600)
"""


@pytest.fixture
def server() -> Iterator[Postgres]:
    server = Postgres.for_tests()
    server.start()
    yield server
    server.stop()


def hold(*arguments: str) -> tuple[subprocess.Popen[str], int, Path]:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, *arguments], stdout=subprocess.PIPE, text=True, cwd=CLONE)
    assert holder.stdout
    port, home = holder.stdout.readline().split(maxsplit=1)
    return holder, int(port), Path(home.strip())


def wait_until_silent(port: int) -> None:
    deadline = time.monotonic() + 10
    while answers(port):
        assert time.monotonic() < deadline, "the server outlived its parent"
        time.sleep(0.02)


def test_test_servers_are_copies_of_one_which_is_made_once(server: Postgres, home: Path) -> None:
    def identifier(other: Postgres) -> int:
        with psycopg.connect(other.url()) as connection:
            [found] = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
        return found

    def of_its_own(other: Postgres) -> int:
        other.start()
        try:
            assert other.port != server.port
            return identifier(other)
        finally:
            other.stop()

    assert of_its_own(Postgres.for_tests()) == identifier(server)
    assert of_its_own(Postgres(home=home)) != identifier(server)


def test_it_is_postgresql_18_with_the_contrib_modules_and_sane_settings(server: Postgres) -> None:
    with psycopg.connect(server.url()) as connection:
        settings = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
        available = {name for (name,) in connection.execute("SELECT name FROM pg_available_extensions")}
    assert settings["server_version"].startswith("18.")
    assert settings["listen_addresses"] == "127.0.0.1"
    assert (settings["max_connections"], settings["shared_buffers"]) == ("200", str(256 * 128))
    assert settings["fsync"] == settings["full_page_writes"] == settings["synchronous_commit"] == "off"
    assert {"pg_trgm", "btree_gist", "btree_gin", "unaccent", "cube", "earthdistance", "pgcrypto"} <= available


def test_case_folding_knows_more_than_ascii(server: Postgres) -> None:
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT lower('ÀÉƆ')").fetchone() == ("àéɔ",)


def test_stopping_a_test_server_leaves_nothing_behind(server: Postgres) -> None:
    server.stop()
    assert not server.home.exists()
    assert not answers(server.port)


def test_a_durable_server_keeps_its_data_its_password_and_its_port(home: Path) -> None:
    server = Postgres(home=home)
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        durable = connection.execute(
            "SELECT count(*) FROM pg_settings WHERE setting = 'on' AND name IN "
            "('fsync', 'full_page_writes', 'synchronous_commit')"
        ).fetchone()
    server.stop()
    again = Postgres(home=home)
    with psycopg.connect(again.start()) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    again.stop()
    assert again.port == server.port
    assert durable == (3,)
    assert (home / "password").stat().st_mode & 0o777 == 0o600


def test_a_durable_server_asks_for_the_password(home: Path) -> None:
    server = Postgres(home=home)
    server.start()
    try:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(f"postgresql://kelmah:guess@127.0.0.1:{server.port}/postgres")
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(f"postgresql://kelmah@127.0.0.1:{server.port}/postgres")
    finally:
        server.stop()


def test_root_lends_the_server_an_account_without_rights(server: Postgres) -> None:
    pid = int((server.data / "postmaster.pid").read_text().split()[0])
    assert Path(f"/proc/{pid}").stat().st_uid == server_account().uid != 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_dies_with_its_parent(how: signal.Signals) -> None:
    holder, port, _ = hold()
    assert answers(port)
    holder.send_signal(how)
    holder.wait()
    wait_until_silent(port)


def test_folders_of_killed_runs_are_swept_by_the_next() -> None:
    holder, port, home = hold()
    holder.kill()
    holder.wait()
    wait_until_silent(port)
    assert home.exists()
    Postgres.for_tests().stop()
    assert not home.exists()


def test_two_servers_never_share_their_files(home: Path) -> None:
    holder, port, _ = hold(str(home))
    try:
        with pytest.raises(AlreadyRunning, match=f"process {holder.pid}"):
            Postgres(home=home).start()
        assert answers(port)
    finally:
        holder.kill()
        holder.wait()


def test_a_killed_run_starts_again_at_once_with_its_committed_data(home: Path) -> None:
    holder, port, _ = hold(str(home))
    url = Postgres(home=home, port=port).url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        holder.kill()
        holder.wait()
    server = Postgres(home=home)
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    server.stop()


def test_a_server_killed_alone_is_restarted_on_its_port(home: Path) -> None:
    server = Postgres(home=home)
    server.start()
    port = server.port
    # A busy session outlives its postmaster for a while: the restart has to wait for it, or two would write the files.
    busy = psycopg.connect(server.url(), autocommit=True)
    os.kill(int((server.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while server.running:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        with psycopg.connect(server.restart()) as connection:
            assert connection.info.port == port
    finally:
        busy.close()
        server.stop()


def test_a_lock_file_with_the_number_of_a_stranger_does_not_stop_the_start(home: Path) -> None:
    server = Postgres(home=home)
    server.start()
    server.stop()
    pid_file = server.data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{server.data}\n0\n5432\n\n127.0.0.1\n0 0\nready\n")
    server_account().take(pid_file)
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.stop()


def test_a_deep_folder_gets_a_short_socket(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    server = Postgres(home=deep)
    try:
        with psycopg.connect(server.start()) as connection:
            row = connection.execute("SHOW unix_socket_directories").fetchone()
        assert row
        assert len(row[0]) < 86
    finally:
        server.stop()
    assert not Path(row[0]).exists()
