"""Every command of the compose files, run without a container: in a folder that holds what the image holds, with the
environment of its service and nothing else, on real servers with passwords.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kelmah import clock
from kelmah.crypto import key_file
from kelmah.deployment.processes import PORTS
from kelmah.embedded import scratch
from kelmah.embedded.child import kill_group, start_child, stop_child
from kelmah.embedded.folders import CLONE
from kelmah.embedded.ports import HOST, free_port
from kelmah.embedded.postgres import Postgres
from kelmah.embedded.redis import Redis
from tests.deployment.conftest import until
from tests.deployment.reading import DOMAINS, copied_into_the_image, domain_of, processes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

GROUPS = [("compose.yaml", ""), *(("compose.split.yaml", domain) for domain in DOMAINS)]


@dataclass
class Machine:
    """What the containers would find around them. ``image``: a folder with what the image holds."""

    home: Path
    image: Path
    postgres: Postgres
    redis: Redis

    def outside(self, name: str) -> str:
        """What whoever deploys says for a variable that has no default."""
        if name.endswith("POSTGRES_PASSWORD"):
            return urlsplit(self.postgres.url()).password or ""
        if name == "REDIS_PASSWORD":
            return urlsplit(self.redis.url).password or ""
        told = {
            "API_HOST": "api.example.com",
            "EMAIL_HOST": "smtp.example.com",
            "DEFAULT_FROM_EMAIL": "a@example.com",
            "FRONTEND_URL": "https://app.example.com",
        }
        return told.get(name) or f"{name.lower()}-of-fifty-characters-and-quite-a-few-more-to-be-sure"

    def here(self, text: str, own: Path) -> str:
        """The text with names of services and paths of containers replaced by what stands for them here."""
        text = re.sub(r"\$\{(\w+):\?\}", lambda found: self.outside(found[1]), text)
        text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
        database = re.search(r"(\w*?)-?postgres:5432/kelmah", text)
        if database:
            text = text.replace(database[0], f"{HOST}:{self.postgres.port}/kelmah_{database[1] or 'all'}")
        text = re.sub(r"amqp://.*", self.redis.url, text)  # the exchange of tasks has tests of its own
        text = text.replace("redis:6379", f"{HOST}:{self.redis.port}").replace("0.0.0.0", HOST)
        paths = r"(?<!\w)/(run/secrets|var/lib/kelmah|tmp)(?!\w)"  # at once: ours may lie in one of these
        return re.sub(paths, lambda found: str(own / found[1].replace("/", "-")), text)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with ExitStack() as held:
        home = scratch.new_folder("deployment")
        held.callback(scratch.discard, home)
        postgres, redis = Postgres(home=home / "postgres", durable=False), Redis(home=home / "redis")
        for server in (postgres, redis):
            server.start()
            held.callback(server.stop)
        image = home / "image"
        for source in copied_into_the_image():
            if (CLONE / source).is_dir():
                shutil.copytree(CLONE / source, image / source, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                image.mkdir(exist_ok=True)
                shutil.copy(CLONE / source, image)
        yield Machine(home, image, postgres, redis)


class Running:
    """One service of a compose file, as a process of this machine."""

    def __init__(self, name: str, said: Mapping[str, Any], machine: Machine) -> None:
        self.name, self.said, self.machine = name, said, machine
        self.own = machine.home / name
        for folder in ("tmp", "run-secrets", "var-lib-kelmah"):
            (self.own / folder).mkdir(parents=True, exist_ok=True)
        for secret in said.get("secrets", []):
            key_path = self.own / "run-secrets" / secret
            if secret.endswith("_crypto_keys") and not key_path.exists():
                key_file.write_new(key_path, now=clock.now())
        if "jwt_signing_key" in said.get("secrets", []):
            key = ec.generate_private_key(ec.SECP256R1())
            text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            (self.own / "run-secrets" / "jwt_signing_key").write_bytes(text)
        self.kind = name.rpartition("-")[2]
        self.port = free_port() if self.kind in PORTS else 0
        self.log = self.own / "log"
        self.grace = float(said["stop_grace_period"].removesuffix("s"))
        self.child: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        said = {name: self.machine.here(value, self.own) for name, value in self.said["environment"].items()}
        return said | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}

    def words(self, command: list[str]) -> list[str]:
        usual = str(PORTS.get(self.kind, ""))
        found = [self.machine.here(word, self.own) for word in command]
        if usual:
            found = [word.replace(f":{usual}/", f":{self.port}/") for word in found]
            found = [str(self.port) if word == usual else word for word in found]
        return found

    def start(self) -> None:
        with self.log.open("wb") as output:
            self.child = start_child(
                self.words(self.said["command"]),
                env=self.environment,
                cwd=self.machine.image,
                output=output,
                on_parent_death=signal.SIGKILL,
            )

    def healthy(self) -> bool:
        """What the engine would think of it; whoever has no check is well while it runs and has said nothing."""
        assert self.child
        assert self.child.poll() is None, f"{self.name} ended:\n{self.log.read_text()[-3000:]}"
        check = self.said.get("healthcheck")
        if not check:
            return True
        assert check["test"][0] == "CMD"
        asked = subprocess.run(
            self.words(check["test"][1:]),
            env=self.environment,
            cwd=self.machine.image,
            capture_output=True,
            check=False,
            timeout=float(check["timeout"].removesuffix("s")),
        )
        return asked.returncode == 0

    def end(self) -> int:
        assert self.child
        assert stop_child(self.child, grace=self.grace), f"{self.name} did not end in {self.grace:.0f} s"
        return int(self.child.returncode)


@pytest.mark.parametrize(("file", "domain"), GROUPS)
def test_every_command_comes_up_is_well_and_ends_when_asked(machine: Machine, file: str, domain: str) -> None:
    said = {name: each for name, each in processes(file).items() if domain_of(name) == domain}
    running = [Running(name, each, machine) for name, each in said.items()]
    prepare = next(each for each in running if each.kind == "prepare")
    prepare.start()
    assert prepare.child
    assert prepare.child.wait(timeout=120) == 0, prepare.log.read_text()[-3000:]
    serving = [each for each in running if each is not prepare]
    try:
        for each in serving:
            each.start()
        for each in serving:
            until(each.healthy, f"{each.name} is not well", within=60)
        for each in serving:
            if each.kind == "api":
                _answers_as_a_gateway_would_ask(each)
        ended = {each.name: each.end() for each in serving}
    finally:
        for each in serving:
            if each.child and each.child.poll() is None:
                kill_group(each.child)
    assert {status for status in ended.values() if status not in (0, -signal.SIGTERM)} == set(), ended


def _answers_as_a_gateway_would_ask(api: Running) -> None:
    """By the public name, over TLS that ended before; strangers' names are refused, and nobody is sent elsewhere."""
    with httpx.Client(base_url=f"http://{HOST}:{api.port}") as client:
        outside = {"Host": "api.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        assert client.get("/health/ready", headers=outside).json()["redis"] == "ok"
        assert client.get("/health/ready", headers={"Host": api.name}).status_code == 200  # another domain
        assert client.get("/health/ready", headers={"Host": "elsewhere.example.com"}).status_code == 400


@pytest.mark.parametrize(("file", "domain"), GROUPS)
def test_the_settings_of_production_are_safe(machine: Machine, file: str, domain: str) -> None:
    name = f"{domain}-api" if domain else "api"
    api = Running(name, processes(file)[name], machine)
    outcome = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        env=api.environment,
        cwd=machine.image,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr[-3000:]
    warned = set(re.findall(r"\(([a-z_]+\.[A-Z]\d+)\)", outcome.stderr))
    # Whoever comes by HTTP is sent to HTTPS by the gateway. Without people's sessions there is no form to forge.
    assert warned - (set() if domain in ("", "identity") else {"security.W003"}) == {"security.W008"}
