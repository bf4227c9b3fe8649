"""The clock moves for the whole system, and only by the tests' hand."""

# ruff: noqa: TID251 - here the clock itself is compared with real time

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from kelmah import clock


def test_time_is_real_and_aware():
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=2)


def test_advancing_adds_up_and_resets():
    clock.advance(days=14)
    clock.advance(hours=1)
    assert timedelta(days=14, minutes=59) < clock.now() - datetime.now(UTC) < timedelta(days=14, minutes=61)
    clock.reset()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=2)


def test_a_shared_file_moves_other_processes(tmp_path, monkeypatch):
    monkeypatch.setenv("KELMAH_CLOCK_FILE", str(tmp_path / "clock"))
    clock.advance(days=3)
    code = "from kelmah import clock; print(clock.now().isoformat())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert abs(datetime.fromisoformat(told) - clock.now()) < timedelta(seconds=10)
    assert clock.now() - datetime.now(UTC) > timedelta(days=2)


def test_production_refuses_a_moved_clock(tmp_path):
    outcome = subprocess.run(
        [sys.executable, "-c", "import config.settings.prod"],
        env={"KELMAH_CLOCK_FILE": str(tmp_path / "clock"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    assert "KELMAH_CLOCK_FILE" in outcome.stderr


@pytest.mark.parametrize(
    "variable", ["SECRET_KEY", "ALLOWED_HOSTS", "JWT_SIGNING_KEY_FILE", "INTERNAL_RPC_KEY", "FRONTEND_URL"]
)
def test_production_without_a_secret_does_not_start(variable, tmp_path):
    key = tmp_path / "jwt.pem"
    key.write_text("a key")
    environment = {
        "PATH": "",
        "SECRET_KEY": "s" * 50,
        "ALLOWED_HOSTS": "api.example.com",
        "JWT_SIGNING_KEY_FILE": str(key),
        "INTERNAL_RPC_KEY": "k" * 32,
        "DATABASE_ROLE_PASSWORD": "p" * 20,
        "FRONTEND_URL": "https://app.example.com",
    }
    command = [sys.executable, "-c", "import config.settings.prod"]
    complete = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert complete.returncode == 0, complete.stderr
    del environment[variable]
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert outcome.returncode == 1
    assert f"{variable} is not set: for example {variable}=" in outcome.stderr
