"""``manage.py run`` refuses what can't work with one line and status 1, before it starts anything."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from kelmah.embedded.folders import CLONE, locked
from kelmah.embedded.ports import free_port


def run(home: Path, *, port: int | None = None, settings: Mapping[str, str] | None = None) -> tuple[int, list[str]]:
    """Status and lines, without the supervisor's own progress."""
    env = {name: value for name, value in os.environ.items() if not name.endswith(("DATABASE_URL", "REDIS_URL"))}
    outcome = subprocess.run(
        [
            *(sys.executable, "manage.py", "run", "--data", str(home), "--no-demo"),
            *("--port", str(port or free_port()), "--live-port", str(free_port())),
        ],
        cwd=CLONE,
        env={**env, "DJANGO_SETTINGS_MODULE": "config.settings.dev", **(settings or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = (outcome.stdout + outcome.stderr).splitlines()
    return outcome.returncode, [line for line in lines if not line.startswith("kelmah   |")]


def test_a_taken_port_is_one_line(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
        status, lines = run(home, port=port)
    assert status == 1
    assert lines == [
        f"Port {port} (REST API) is already in use: stop what listens there, or choose another one with --port "
        "(make run PORT=…)."
    ]


def test_a_broken_data_folder_is_one_line(home: Path) -> None:
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "something").write_text("else")
    status, lines = run(home)
    assert status == 1
    assert len(lines) == 1
    assert "is broken (PG_VERSION is missing)" in lines[0]


def test_a_missing_permission_is_one_line(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir()
    closed.chmod(0o000)
    status, lines = run(closed / "data")
    closed.chmod(0o700)
    assert status == 1
    assert len(lines) == 1
    assert "has no permission to" in lines[0]


def test_a_running_kelmah_is_one_line(home: Path) -> None:
    with locked(home / "lock"):
        status, lines = run(home)
    assert status == 1
    assert lines == [
        f"Kelmah already runs on {home} (process {os.getpid()}): stop it first, "
        "or choose another folder with KELMAH_DATA_DIR."
    ]


def test_a_database_server_that_is_not_there_is_told_without_a_traceback(home: Path) -> None:
    nowhere = f"postgresql://boss:secret@127.0.0.1:{free_port()}/kelmah"
    status, lines = run(home, settings={"DATABASE_URL": nowhere})
    assert status == 1
    assert "`manage.py prepare_databases` failed" in lines[-1]
    assert not any("Traceback" in line for line in lines)
