"""The environments of ``manage.py split``: to each domain what is its own, and where the others are."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kelmah.embedded import generated_secrets
from kelmah.embedded.environment import without_credentials
from kelmah.embedded.ports import HOST

# Secrets that one domain's processes have and the others lack.
_OWN = {"JWT_SIGNING_KEY_FILE": "identity", "SANDBOX_WEBHOOK_SECRETS": "payments"}


@dataclass(frozen=True)
class SplitEnvironments:
    """``databases``: the administrator's URL of each domain's database. ``doors``: at which port who finds whom.

    What the caller's environment sets already stays, except what places the domains.
    """

    data: Path
    databases: Mapping[str, str]
    redis_url: str
    gateway: str
    doors: Mapping[tuple[str, str], int]
    sandbox_port: int

    def of(self, domain: str) -> dict[str, str]:
        """Of the processes of one domain; they can import no other."""
        return self._common(domain) | _database(domain, without_credentials(self.databases[domain]))

    def setup(self, domain: str) -> dict[str, str]:
        """Of what prepares and migrates a domain's database, with the administrator's credentials."""
        return self._common(domain) | _database(domain, self.databases[domain])

    def everything(self) -> dict[str, str]:
        """Of a command that works for all domains at once, by their run-time roles."""
        every = self._shared | self._secrets
        for domain, url in self.databases.items():
            every |= _database(domain, without_credentials(url))
        return every

    def of_gateway(self) -> dict[str, str]:
        """Nothing of ours."""
        return {name: os.environ[name] for name in ("PATH", "HOME", "TZ") if name in os.environ}

    # Private functions

    def _common(self, domain: str) -> dict[str, str]:
        urls = (f"{callee}=http://{HOST}:{port}" for (caller, callee), port in self.doors.items() if caller == domain)
        secrets = {name: value for name, value in self._secrets.items() if _OWN.get(name, domain) == domain}
        return self._shared | secrets | {"KELMAH_ALONE": domain, "LOCAL_DOMAINS": domain, "DOMAIN_URLS": ",".join(urls)}

    @cached_property
    def _shared(self) -> dict[str, str]:
        theirs = {
            name: value
            for name, value in os.environ.items()
            if name not in _OWN and not name.endswith(("DATABASE_URL", "DATABASE_ADMIN_URL", "_DOMAINS", "DOMAIN_URLS"))
        }
        return {
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "KELMAH_FILES_DIR": str(self.data / "files"),
            "KELMAH_MAILBOX_DIR": str(self.data / "mailbox"),
            "KELMAH_STATIC_DIR": str(self.data / "static"),
            "JWT_ISSUER": f"http://{self.gateway}",
            "LIVE_URL": f"ws://{self.gateway}/ws",
            "SANDBOX_GATEWAY_URL": f"http://{HOST}:{self.sandbox_port}",
            "SANDBOX_WEBHOOK_URL": f"http://{self.gateway}/api/v1/webhooks/sandbox",
            "TRUSTED_PROXY_COUNT": "1",
            "DATABASE_POOL_SIZE": "6",
            "REMAP_SIGTERM": "SIGQUIT",  # of Celery's worker: see config.celery
            **theirs,
            "KELMAH_DATA_DIR": str(self.data),
            "REDIS_URL": self.redis_url,
            "PYTHONUNBUFFERED": "1",
        }

    @cached_property
    def _secrets(self) -> dict[str, str]:
        return generated_secrets.environment(self.data)


def _database(domain: str, url: str) -> dict[str, str]:
    return {f"{domain.upper()}_DATABASE_URL": url}
