"""The environment of everything ``manage.py run`` starts. Administrator's credentials go to the setting up only."""

import os
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Final
from urllib.parse import urlsplit

from kelmah.embedded import generated_secrets
from kelmah.embedded.ports import HOST, free_port
from kelmah.secret_files import write_secret

FOR_SHELLS: Final = "environment"


@dataclass(frozen=True)
class Environments:
    """``own``: the variables that have a value without anybody setting one."""

    setup: dict[str, str]
    processes: dict[str, str]
    own: frozenset[str]


def environments(*, data: Path, database_url: str, redis_url: str, port: int, live_port: int) -> Environments:
    """``database_url`` carries the administrator's credentials. What the caller's environment sets already stays."""
    own = {
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "KELMAH_FILES_DIR": str(data / "files"),
        "KELMAH_MAILBOX_DIR": str(data / "mailbox"),
        "KELMAH_STATIC_DIR": str(data / "static"),
        "JWT_ISSUER": f"http://{HOST}:{port}",
        "LIVE_URL": f"ws://{HOST}:{live_port}/ws",
        "SANDBOX_GATEWAY_URL": f"http://{HOST}:{free_port(preferred=8002)}",
        "SANDBOX_WEBHOOK_URL": f"http://{HOST}:{port}/api/v1/webhooks/sandbox",
        "REMAP_SIGTERM": "SIGQUIT",  # of Celery's worker: see config.celery
        **generated_secrets.environment(data),
    }
    places = {"KELMAH_DATA_DIR": str(data), "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    shared = own | os.environ | places | {"PYTHONUNBUFFERED": "1"}
    processes = {
        name: without_credentials(value) if name.endswith("DATABASE_URL") else value
        for name, value in shared.items()
        if not name.endswith("DATABASE_ADMIN_URL")
    }
    return Environments(setup=shared, processes=processes, own=frozenset(own | places))


def write_for_shells(found: Environments, *, data: Path, programs: Path | None) -> None:
    """Write a file that leads a shell's ``manage.py`` to the running system; for its owner only.

    ``programs``: the folder of the embedded server's own (psql, pg_dump), when it is used: they come first on the PATH,
    and ADMIN_URL leads them to it. A domain's database elsewhere, as the caller's environment says, is in it, too.
    """
    places = {name for name in found.processes if name.endswith("_DATABASE_URL")}
    lines = [f"{name}={quote(found.processes[name])}" for name in sorted(found.own | places)]
    if programs:
        lines += [f"ADMIN_URL={quote(found.setup['DATABASE_URL'])}", f'PATH={quote(str(programs))}:"$PATH"']
    write_secret(data / FOR_SHELLS, "\n".join(lines) + "\n")


def without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
