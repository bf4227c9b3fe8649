"""identity and payments as two real processes: a database, a secret key and a port for each, as after extraction."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kelmah.embedded.folders import CLONE
from kelmah.embedded.ports import HOST, free_port
from kelmah.testing import databases, servers
from kelmah.testing.api_process import api_process


@dataclass(frozen=True)
class Side:
    """One of the two: its environment, and where it listens."""

    domain: str
    port: int
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def runs(self, **more: str) -> AbstractContextManager[str]:
        return api_process(port=self.port, **(self.environment | more))

    def manage(self, *command: str, typed: str = "", **more: str) -> str:
        """What a management command says. Raises CalledProcessError."""
        environment = os.environ | self.environment | more
        run = [sys.executable, "manage.py", *command]
        return subprocess.run(
            run, cwd=CLONE, env=environment, input=typed, check=True, capture_output=True, text=True
        ).stdout

    def tables(self) -> set[str]:
        admin = self.environment[f"{self.domain.upper()}_DATABASE_ADMIN_URL"]
        with psycopg.connect(admin) as connection:
            rows = connection.execute(
                "SELECT schemaname || '.' || tablename FROM pg_tables"
                " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            )
            return {name for (name,) in rows}


@dataclass(frozen=True)
class Pair:
    identity: Side
    payments: Side
    folder: Path

    def key_file(self, name: str) -> str:
        """A signing key of that name, made when it is first asked for."""
        path = self.folder / f"{name}.pem"
        if not path.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return str(path)


@contextmanager
def two_databases(folder: Path) -> Iterator[Pair]:
    """Both sides, migrated and not yet running; their databases are dropped in the end."""
    server = servers.test_postgres_url()
    ports = {domain: free_port() for domain in ("identity", "payments")}
    urls = {domain: f"http://{HOST}:{port}" for domain, port in ports.items()}
    own = secrets.token_hex(4)  # one process may have several pairs at once
    names = {domain: f"kelmah_pair_{domain}_{own}" for domain in ports}
    sides = {}
    for domain, port in ports.items():
        admin = urlsplit(server)._replace(path=f"/{names[domain]}")
        other = next(each for each in ports if each != domain)
        sides[domain] = Side(
            domain,
            port,
            {
                "DJANGO_SETTINGS_MODULE": "config.settings.dev",
                "KELMAH_EXTRA_DOMAINS": "",
                "CRYPTO_KEYS_FILE": str(CLONE / "tests" / "crypto-keys.json"),
                "LOCAL_DOMAINS": domain,
                "DOMAIN_URLS": f"{other}={urls[other]}",
                f"{domain.upper()}_DATABASE_ADMIN_URL": admin.geturl(),
                f"{domain.upper()}_DATABASE_URL": admin._replace(netloc=admin.netloc.rpartition("@")[2]).geturl(),
                "DATABASE_ROLE_PASSWORD": databases.PASSWORD,
                "REDIS_URL": servers.test_redis_url(),
                "SECRET_KEY": f"of {domain} alone",
                "JWT_ISSUER": urls["identity"],
                "DESK_URLS": f"payments={urls['payments']}",
            },
        )
    pair = Pair(sides["identity"], sides["payments"], folder)
    sides["identity"].environment["JWT_SIGNING_KEY_FILE"] = pair.key_file("first")
    try:
        for side in sides.values():
            side.manage("prepare_databases")
            side.manage("migrate_domains")
        yield pair
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            for name in names.values():
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
