"""The embedded Redis: same promises as PostgreSQL's."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from kelmah.embedded.errors import AlreadyRunning
from kelmah.embedded.folders import CLONE
from kelmah.embedded.ports import answers
from kelmah.embedded.redis import Redis

HOLDER = """
import time
from kelmah.embedded.redis import Redis
server = Redis.for_tests()
server.start()
print(server.port, flush=True)
time.sleep(600)
"""


def test_a_test_server_answers_and_vanishes() -> None:
    server = Redis.for_tests()
    with redis.Redis.from_url(server.start()) as client:
        assert client.ping()
        assert client.config_get("appendonly") == {"appendonly": "no"}
    server.stop()
    assert not answers(server.port)
    assert not server.home.exists()


def test_a_durable_server_keeps_its_queues_and_asks_for_its_password(home: Path) -> None:
    server = Redis(home=home)
    with redis.Redis.from_url(server.start()) as client:
        client.rpush("queue", "task")
    with pytest.raises(redis.AuthenticationError), redis.Redis(port=server.port) as stranger:
        stranger.ping()
    server.stop()
    again = Redis(home=home)
    with redis.Redis.from_url(again.start()) as client:
        assert client.lrange("queue", 0, -1) == [b"task"]
    again.stop()


def test_the_password_is_not_on_the_command_line(home: Path) -> None:
    server = Redis(home=home)
    server.start()
    try:
        command_lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]
        password = server.url.partition("@")[0].rpartition(":")[2]
        assert not any(password.encode() in line for line in command_lines)
        assert (home / "redis.conf").stat().st_mode & 0o777 == 0o600
    finally:
        server.stop()


def test_the_server_dies_with_its_parent() -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True, cwd=CLONE)
    assert holder.stdout
    port = int(holder.stdout.readline())
    assert answers(port)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    deadline = time.monotonic() + 10
    while answers(port):
        assert time.monotonic() < deadline, "the server outlived its parent"
        time.sleep(0.02)


def test_a_second_server_on_the_same_files_is_refused(home: Path) -> None:
    server = Redis(home=home)
    server.start()
    with pytest.raises(AlreadyRunning):
        Redis(home=home).start()
    server.stop()


def test_a_server_killed_alone_comes_back_on_its_port_with_its_data(home: Path) -> None:
    server = Redis(home=home)
    url = server.start()
    with redis.Redis.from_url(url) as client:
        client.set("kept", "yes")
        client.execute_command("BGREWRITEAOF")
        pid = client.info("server")["process_id"]
        time.sleep(1.1)  # appendfsync everysec
    os.kill(pid, signal.SIGKILL)
    while server.running:
        time.sleep(0.01)
    assert server.restart() == url
    with redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"yes"
    server.stop()
