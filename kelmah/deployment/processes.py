"""The processes of a deployment in containers: their commands, how to tell that they work, and what they need."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.utils.module_loading import module_has_submodule

from kelmah import processes
from kelmah.domain import DomainConfig, sealing_domains
from kelmah.processes import Command

ProcessKind = Literal["prepare", "api", "live", "relay", "worker", "beat"]

PORTS = {"api": 8000, "live": 8001}
FILES = "/var/lib/kelmah/files"
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - of a container, which is reached through its network only
_HEARTBEAT, _SCHEDULE = Path("/tmp/relay"), Path("/tmp/beat")  # noqa: S108 - a container's own
_PYTHON = "python"


@dataclass(frozen=True)
class Service:
    """A kind of process of some domains. ``name`` is also its host name for the others.

    ``commands`` run one after the other; all but ``prepare`` have one. ``grace``: seconds between SIGTERM and SIGKILL.
    """

    name: str
    kind: ProcessKind
    domains: tuple[str, ...]
    commands: tuple[Command, ...]
    copies: int
    memory: int  # MiB
    grace: int = 15

    @property
    def port(self) -> int | None:
        return PORTS.get(self.kind)

    @property
    def sealing(self) -> list[str]:
        """Its domains that seal people's data."""
        return [domain for domain in self.domains if domain in sealing_domains()]

    @property
    def health(self) -> str:
        """The address that says whether it may be sent requests, or ""."""
        return {"api": "/health/ready", "live": "/health/live"}.get(self.kind, "")

    @property
    def check(self) -> Command:
        """What to run beside it to learn whether it works, or nothing: then ending is its only way to fail."""
        if self.health:
            # By the name that others call it by: Django answers to no other host.
            asked = f"u.Request('http://127.0.0.1:{self.port}{self.health}', headers={{'Host': '{self.name}'}})"
            return (_PYTHON, "-c", f"import urllib.request as u; u.urlopen({asked}, timeout=3)")
        if self.kind == "relay":
            return (_PYTHON, "-c", f"import os, time; assert time.time() - os.stat('{_HEARTBEAT}').st_mtime < 30")
        if self.kind == "worker":
            mine = "['celery@' + socket.gethostname()]"
            return (_PYTHON, "-c", f"import socket; from config.celery import app; assert app.control.ping({mine}, 5)")
        return ()


def services_of(configs: Iterable[DomainConfig], *, prefix: str = "") -> Iterator[Service]:
    """The processes that serve these domains together. ``prefix`` begins their names."""
    configs = list(configs)
    domains = tuple(config.domain for config in configs)

    def service(kind: ProcessKind, *commands: Command, copies: int, memory: int, grace: int = 15) -> Service:
        return Service(prefix + kind, kind, domains, commands, copies=copies, memory=memory, grace=grace)

    manage = (_PYTHON, "manage.py")
    yield service("prepare", (*manage, "prepare_databases"), (*manage, "migrate_domains"), copies=1, memory=512)
    api = processes.api(host=_EVERYWHERE, port=PORTS["api"], python=_PYTHON)
    yield service("api", api, copies=2, memory=768)
    if any(config.websocket_urls for config in configs):
        yield service(
            "live", processes.live(host=_EVERYWHERE, port=PORTS["live"], python=_PYTHON), copies=1, memory=512
        )
    yield service("relay", processes.relay(heartbeat=_HEARTBEAT, python=_PYTHON), copies=1, memory=384)
    if any(has_tasks(config) for config in configs):
        yield service("worker", processes.worker(python=_PYTHON), copies=1, memory=1024, grace=30)
    if any(config.beat for config in configs):
        yield service("beat", processes.beat(schedule=_SCHEDULE, python=_PYTHON), copies=1, memory=384)


def split_services(configs: Sequence[DomainConfig]) -> Iterator[Service]:
    """Every domain in processes of its own."""
    for config in configs:
        yield from services_of([config], prefix=f"{config.domain}-")


def has_tasks(config: DomainConfig) -> bool:
    return config.module is not None and module_has_submodule(config.module, "tasks")


def deployed_domains(configs: Iterable[DomainConfig]) -> list[DomainConfig]:
    """Those of a deployment: domains that exist for tests are in no file."""
    return [config for config in configs if config.name.startswith("domains.")]


def people_domain() -> str:
    """The domain that knows who everybody is, and signs it."""
    return settings.AUTH_USER_MODEL.partition(".")[0]
