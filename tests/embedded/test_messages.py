"""What goes wrong on a machine is told in one line that says what to do."""

import errno
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kelmah.embedded.errors import (
    BrokenData,
    DiskFull,
    EmbeddedError,
    NoPermission,
    PortInUse,
    explain_os_error,
    explain_server_log,
)
from kelmah.embedded.folders import make_folder
from kelmah.embedded.ports import check_free
from kelmah.embedded.postgres import Postgres
from kelmah.embedded.redis import Redis


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


@pytest.fixture
def stopped(home: Path) -> Postgres:
    server = Postgres(home=home)
    server.start()
    server.stop()
    return server


def assert_one_line(error: BaseException, *words: str) -> None:
    text = str(error)
    assert "\n" not in text
    for word in words:
        assert word in text


def test_a_taken_port_names_the_port_and_the_option(taken_port: int) -> None:
    with pytest.raises(PortInUse) as caught:
        check_free(taken_port, purpose="REST API", option="--port")
    assert_one_line(caught.value, str(taken_port), "REST API", "choose another one with --port")


def test_a_port_for_root_only_is_not_called_taken() -> None:
    if os.geteuid() == 0 or int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 80:
        check_free(80, purpose="REST API", option="--port")  # this user may: nothing to complain about
        return
    with pytest.raises(EmbeddedError, match="may be used by root only"):
        check_free(80, purpose="REST API", option="--port")


def test_postgresql_says_which_port_is_taken(home: Path, taken_port: int) -> None:
    with pytest.raises(PortInUse) as caught:
        Postgres(home=home, port=taken_port).start()
    assert_one_line(caught.value, str(taken_port), "PostgreSQL")


def test_redis_says_which_port_is_taken(home: Path, taken_port: int) -> None:
    with pytest.raises(PortInUse) as caught:
        Redis(home=home, port=taken_port).start()
    assert_one_line(caught.value, str(taken_port), "Redis")


@pytest.mark.parametrize("lost", ["PG_VERSION", "global/pg_control", "pg_wal", "base", "postgresql.conf"])
def test_a_lost_file_of_the_cluster_is_a_broken_data_folder(stopped: Postgres, lost: str) -> None:
    path = stopped.data / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(BrokenData) as caught:
        stopped.start()
    assert_one_line(caught.value, str(stopped.home), "restore it from a backup", "delete it to start afresh")
    assert not stopped.running


def test_data_of_another_postgresql_is_named_as_such(stopped: Postgres) -> None:
    (stopped.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(BrokenData, match=r"made by PostgreSQL 15, this one is 18"):
        stopped.start()


def test_a_damaged_control_file_is_a_broken_data_folder(stopped: Postgres) -> None:
    (stopped.data / "global" / "pg_control").write_bytes(b"\0" * 8192)
    with pytest.raises(BrokenData) as caught:
        stopped.start()
    assert_one_line(caught.value, str(stopped.data))


def test_a_lost_password_is_a_broken_data_folder(stopped: Postgres) -> None:
    (stopped.home / "password").unlink()
    with pytest.raises(BrokenData, match="password"):
        stopped.start()


def test_a_password_of_another_cluster_is_a_broken_data_folder(stopped: Postgres) -> None:
    (stopped.home / "password").write_text("another")
    with pytest.raises(BrokenData, match="password authentication failed"):
        stopped.start()
    assert not stopped.running


def test_a_damaged_append_only_file_is_a_broken_data_folder(home: Path) -> None:
    server = Redis(home=home)
    server.start()
    server.stop()
    (server.data / "appendonly.aof").write_text("nonsense that Redis never wrote\n" * 10)
    with pytest.raises(BrokenData) as caught:
        server.start()
    assert_one_line(caught.value, str(server.data))


def test_a_file_where_a_folder_should_be_is_broken_data(home: Path) -> None:
    (home / "postgres").write_text("not a folder")
    with pytest.raises(BrokenData, match="a file stands where a folder should be"):
        Postgres(home=home / "postgres").start()


def test_a_folder_that_may_not_be_entered_is_a_missing_permission(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir()
    closed.chmod(0o000)
    try:
        with pytest.raises(NoPermission) as caught:
            Postgres(home=closed / "postgres").start()
    finally:
        closed.chmod(0o700)
    assert_one_line(caught.value, str(closed), "KELMAH_DATA_DIR")


def test_a_read_only_place_is_a_missing_permission() -> None:
    # Nobody, not even root, may make a folder there.
    with pytest.raises(EmbeddedError) as caught:
        make_folder(Path("/proc/kelmah"))
    assert_one_line(caught.value, "/proc/kelmah")


def test_too_little_space_is_told_before_anything_is_written(home: Path) -> None:
    with pytest.raises(DiskFull) as caught:
        Postgres(home=home, needed_bytes=1 << 60).start()
    assert_one_line(caught.value, str(home), "needed", "free some space")
    assert not (home / "data").exists()


def test_a_full_disk_while_writing_is_told_as_such(home: Path) -> None:
    with pytest.raises(OSError, match="No space left") as real:
        Path("/dev/full").write_text("x")
    assert real.value.errno == errno.ENOSPC
    told = explain_os_error(real.value, path=home, account="me")
    assert isinstance(told, DiskFull)
    assert_one_line(told, "free some space")


@pytest.mark.parametrize(
    ("log", "kind"),
    [
        ('FATAL:  could not write to file "pg_wal/xlogtemp.29": No space left on device', DiskFull),
        (
            'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use\nFATAL:  no TCP/IP sockets',
            PortInUse,
        ),
        ('FATAL:  data directory "/x" has wrong ownership', NoPermission),
        ("PANIC:  could not locate a valid checkpoint record at 0/1516B98", BrokenData),
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", EmbeddedError),
    ],
)
def test_a_servers_log_becomes_one_line(log: str, kind: type[EmbeddedError], home: Path) -> None:
    told = explain_server_log(log, name="PostgreSQL", port=5432, folder=home, log=home / "server.log", account="me")
    assert type(told) is kind or (kind is EmbeddedError and "Cannot allocate memory" in str(told))
    assert_one_line(told)
