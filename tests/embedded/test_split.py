"""``manage.py split``: who lives with whom, what each process is told, and the system as a whole."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from kelmah.deployment.switchboard import switchboard_conf
from kelmah.domain import local_domains
from kelmah.embedded.errors import EmbeddedError
from kelmah.embedded.groups import databases_of, groups_of
from kelmah.embedded.split_environment import SplitEnvironments
from kelmah.embedded.status import read_status
from tests.journeys.system import ROOT, Running, started

SERVER = "postgresql://admin:secret@127.0.0.1:5432/postgres"


def configs() -> list:
    return [config for config in local_domains() if config.name.startswith("domains.")]


def environments(tmp_path: Path, *apart: str) -> tuple[SplitEnvironments, dict]:
    groups = groups_of(configs(), apart=apart)
    doors = {
        (one.name, domain): 9000 + number
        for one in groups
        for number, domain in enumerate(config.domain for config in configs())
        if domain not in one.domains
    }
    found = SplitEnvironments(
        data=tmp_path,
        databases=databases_of(groups, SERVER),
        redis_url="redis://127.0.0.1:1/0",
        gateway="127.0.0.1:8000",
        doors=doors,
        sandbox_port=8300,
    )
    return found, {group.name: group for group in groups}


def test_every_domain_is_alone_unless_some_are_named() -> None:
    assert [group.domains for group in groups_of(configs(), apart=[])] == [(config.domain,) for config in configs()]
    rest, files = groups_of(configs(), apart=["files"])
    assert (rest.name, files.name, files.alone) == ("rest", "files", True)
    assert {*rest.domains, *files.domains} == {config.domain for config in configs()}
    with pytest.raises(EmbeddedError, match="no domain nobody"):
        groups_of(configs(), apart=["nobody"])


def test_who_is_alone_has_a_database_alone() -> None:
    databases = databases_of(groups_of(configs(), apart=["payments"]), SERVER)
    assert databases["payments"].endswith("/kelmah_payments")
    assert {url for domain, url in databases.items() if domain != "payments"} == {
        SERVER.replace("/postgres", "/kelmah")
    }


def test_a_process_is_told_its_own_and_no_more(tmp_path: Path) -> None:
    found, groups = environments(tmp_path)
    payments, identity = found.of(groups["payments"]), found.of(groups["identity"])
    assert payments["LOCAL_DOMAINS"] == payments["KELMAH_ALONE"] == "payments"
    assert payments["PAYMENTS_DATABASE_URL"] == "postgresql://127.0.0.1:5432/kelmah_payments"  # nobody's password
    assert [name for name in payments if name.endswith("_DATABASE_URL")] == ["PAYMENTS_DATABASE_URL"]
    assert "payments=" not in payments["DOMAIN_URLS"]
    assert "identity=http://127.0.0.1:" in payments["DOMAIN_URLS"]
    assert "JWT_SIGNING_KEY_FILE" in identity
    assert "JWT_SIGNING_KEY_FILE" not in payments
    assert identity["CRYPTO_KEYS_FILE"] == str(tmp_path / "crypto-keys-identity.json")
    assert "SANDBOX_WEBHOOK_SECRETS" in payments
    assert "SANDBOX_WEBHOOK_SECRETS" not in identity
    assert "secret" in found.setup(groups["payments"])["PAYMENTS_DATABASE_URL"]


def test_domains_together_may_import_each_other(tmp_path: Path) -> None:
    found, groups = environments(tmp_path, "payments")
    rest = found.of(groups["rest"])
    assert "KELMAH_ALONE" not in rest
    assert "payments=" in rest["DOMAIN_URLS"]
    assert "identity=" not in rest["DOMAIN_URLS"]


def test_every_pair_has_a_door_to_every_copy(tmp_path: Path) -> None:
    doors = {("contracts", "payments"): 9001, ("files", "payments"): 9002, ("payments", "contracts"): 9003}
    upstreams = {"payments": ["127.0.0.1:8001", "127.0.0.1:8002"], "contracts": ["127.0.0.1:8003"]}
    conf = switchboard_conf(upstreams=upstreams, doors=doors, folder=tmp_path)
    payments = conf[conf.index("upstream payments") :]
    assert "server 127.0.0.1:8001" in payments
    assert "server 127.0.0.1:8002" in payments
    assert "listen 127.0.0.1:9001;" in payments
    assert "listen 127.0.0.1:9002;" in payments
    assert "listen 127.0.0.1:9003;" not in payments


# --- the whole ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with started("split", "--apart", "payments", "--copies", "2") as system:
        yield system


def split(running: Running, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "split", *words, "--data", str(running.data)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def pid_of(running: Running, name: str) -> int | None:
    return next(row["pid"] for row in read_status(running.data / "status.json") if row["process"] == name)


def until(what: str, probe: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.mark.slow
def test_the_table_names_every_process_with_what_it_needs(running: Running) -> None:
    lines = split(running, "status").stdout.splitlines()
    names = [line.split()[0] for line in lines[1:]]
    assert {"gateway", "switchboard", "rest-api-1", "rest-api-2", "rest-live", "payments-relay"} <= set(names)
    assert all("MiB" in line for line in lines[1:]), lines
    assert f"{running.api} " in "\n".join(lines)
    assert "kelmah_payments" in running.log.read_text()


@pytest.mark.slow
def test_a_killed_process_comes_back(running: Running) -> None:
    before = pid_of(running, "payments-relay")
    assert before
    os.kill(before, signal.SIGKILL)
    until("it comes back", lambda: pid_of(running, "payments-relay") not in (None, before))


@pytest.mark.slow
def test_a_domain_is_taken_down_and_up_by_command(running: Running) -> None:
    wallet = f"{running.api}/api/v1/wallet?currency=GHS"
    until("it answers", lambda: httpx.get(wallet).status_code == 401)
    assert split(running, "down", "payments").returncode == 0
    until("it is down", lambda: pid_of(running, "payments-api-1") is None and httpx.get(wallet).status_code == 503)
    assert httpx.get(f"{running.api}/api/v1/categories").status_code == 200
    assert split(running, "up", "payments").returncode == 0
    until("it is up", lambda: httpx.get(wallet).status_code == 401)
    unknown = split(running, "down", "nobody")
    assert unknown.returncode == 1
    assert "no process or domain 'nobody'" in unknown.stderr


@pytest.mark.slow
def test_nothing_internal_is_reached_through_the_gateway(running: Running) -> None:
    for path in ("/internal/events", "/internal/rpc/payments/wallet_of", "/internal/schema", "/internal/metrics"):
        assert httpx.post(f"{running.api}{path}").status_code == 404
    document = httpx.get(f"{running.api}/api/schema", timeout=30).json()
    assert {"/api/v1/wallet", "/api/v1/jobs", "/api/v1/me"} <= document["paths"].keys()
