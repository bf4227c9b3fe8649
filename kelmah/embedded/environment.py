"""The environment of everything ``manage.py run`` starts. Administrator's credentials go to the setting up only."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kelmah.embedded import generated_secrets
from kelmah.embedded.ports import HOST, free_port


@dataclass(frozen=True)
class Environments:
    setup: dict[str, str]
    processes: dict[str, str]


def environments(*, data: Path, database_url: str, redis_url: str, port: int, live_port: int) -> Environments:
    """``database_url`` carries the administrator's credentials. What the caller's environment sets already stays."""
    shared = {
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
        **os.environ,
        "KELMAH_DATA_DIR": str(data),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PYTHONUNBUFFERED": "1",
    }
    processes = {
        name: without_credentials(value) if name.endswith("DATABASE_URL") else value
        for name, value in shared.items()
        if not name.endswith("DATABASE_ADMIN_URL")
    }
    return Environments(setup=shared, processes=processes)


def without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
