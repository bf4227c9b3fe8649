"""The environments of ``manage.py split``: to each domain what is its own, and where the others are."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from kelmah.embedded import generated_secrets
from kelmah.embedded.environment import without_credentials
from kelmah.embedded.groups import Group
from kelmah.embedded.ports import HOST

# Secrets that one domain's processes have and the others lack.
# The common key of calls goes to nobody: each has a file with the keys of its own acquaintances.
_NOBODY = "nobody"
_OWN = {"INTERNAL_RPC_KEY": _NOBODY, "JWT_SIGNING_KEY_FILE": "identity", "SANDBOX_WEBHOOK_SECRETS": "payments"}


def keys_folder(data: Path) -> Path:
    """Of the keys of calls: a file per group."""
    return data / "keys"


@dataclass(frozen=True)
class SplitEnvironments:
    """``databases``: the administrator's URL of each domain's database. ``doors``: where a group finds a domain.
    ``extra``: variables of one group's processes only.

    What the caller's environment sets already stays, except what places the domains.
    """

    data: Path
    databases: Mapping[str, str]
    redis_url: str
    gateway: str
    doors: Mapping[tuple[str, str], int]
    sandbox_port: int
    extra: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, group: Group) -> dict[str, str]:
        """Of the processes of a group; those of a domain alone can import no other."""
        return self._common(group) | self._databases(group.domains, admin=False) | dict(self.extra.get(group.name, {}))

    def setup(self, group: Group) -> dict[str, str]:
        """Of what prepares and migrates the group's database, with the administrator's credentials."""
        return self._common(group) | self._databases(group.domains, admin=True)

    def everything(self) -> dict[str, str]:
        """Of a command that works for all domains at once, by their run-time roles."""
        return self._shared | self._secrets | self._databases(tuple(self.databases), admin=False)

    def of_gateway(self) -> dict[str, str]:
        """Nothing of ours."""
        return {name: os.environ[name] for name in ("PATH", "HOME", "TZ") if name in os.environ}

    # Private functions

    def _common(self, group: Group) -> dict[str, str]:
        urls = {domain: port for (caller, domain), port in self.doors.items() if caller == group.name}
        return {
            **self._shared,
            **{name: value for name, value in self._secrets.items() if _OWN.get(name) in (None, *group.domains)},
            **({"KELMAH_ALONE": group.name} if group.alone else {}),
            "CRYPTO_KEYS_FILE": self._crypto_keys(group),
            "LOCAL_DOMAINS": ",".join(group.domains),
            "INTERNAL_RPC_KEYS_FILE": str(keys_folder(self.data) / f"{group.name}.json"),
            "DOMAIN_URLS": ",".join(f"{domain}=http://{HOST}:{port}" for domain, port in urls.items()),
        }

    def _crypto_keys(self, group: Group) -> str:
        """Each domain's own; of domains together, still one file each."""
        files = self._secrets["CRYPTO_KEYS_FILE"]
        return files.replace("{domain}", group.name) if group.alone else files

    def _databases(self, domains: Sequence[str], *, admin: bool) -> dict[str, str]:
        urls = {f"{domain.upper()}_DATABASE_URL": self.databases[domain] for domain in domains}
        return urls if admin else {name: without_credentials(url) for name, url in urls.items()}

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
