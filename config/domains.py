"""Which domains exist, which of them run in this process, and where their data and the others are.

The only list. A deployment that wants fewer domains sets ``DOMAINS``; a process that serves some of them sets
``LOCAL_DOMAINS`` and tells where the rest is with ``DOMAIN_URLS``.
"""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from config import env
from kelmah.architecture.alone import wall_in_if_asked

wall_in_if_asked()  # before any domain is imported, and before LOCAL_DOMAINS is read

CORE = ("identity", "marketplace", "contracts", "payments", "messaging", "reviews", "files")


def _words(name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = os.environ.get(name, "")
    return tuple(word.strip() for word in value.split(",") if word.strip()) or default


# Packages outside domains/, by dotted path; the last part is the domain's name.
EXTRA: Mapping[str, str] = {path.rsplit(".", 1)[-1]: path for path in _words("KELMAH_EXTRA_DOMAINS", ())}
DEPLOYED: tuple[str, ...] = (*_words("DOMAINS", CORE), *EXTRA)
LOCAL: tuple[str, ...] = (*_words("LOCAL_DOMAINS", DEPLOYED),)

# marketplace=http://10.0.0.5:8000,payments=http://10.0.0.6:8000
URLS: Mapping[str, str] = dict(entry.split("=", 1) for entry in _words("DOMAIN_URLS", ()))

if unknown := sorted(set(LOCAL) - set(DEPLOYED)):
    raise SystemExit(
        f"LOCAL_DOMAINS names {', '.join(unknown)}, which DOMAINS does not deploy: for example LOCAL_DOMAINS=payments"
    )


def package_of(domain: str) -> str:
    """The Python package of a domain."""
    return EXTRA.get(domain, f"domains.{domain}")


def databases(*, pool_size: int) -> dict[str, dict[str, Any]]:
    """Django's DATABASES: ``default``, which may touch nothing, and one alias per local domain."""
    return {"default": _database("nobody", pool_size=1)} | {
        domain: _database(domain, pool_size=pool_size) for domain in LOCAL
    }


def database_url(domain: str) -> str:
    """Where a domain's data is. Credentials in it are the administrator's; run-time processes never use them."""
    url = os.environ.get(f"{domain.upper()}_DATABASE_URL") or os.environ.get("DATABASE_URL")
    return url or "postgresql://127.0.0.1:5432/kelmah"


def _database(domain: str, *, pool_size: int) -> dict[str, Any]:
    where = urlsplit(database_url(domain))
    if where.scheme not in ("postgresql", "postgres"):
        raise SystemExit(
            f"the database URL of {domain} must begin with postgresql://, for example postgresql://127.0.0.1:5432/kelmah"
        )
    options: dict[str, Any] = {"application_name": f"kelmah:{domain}"}
    if env.switch("DATABASE_PREPARED_STATEMENTS", default=True):
        options["prepare_threshold"] = 5  # as often as psycopg would wait; only of kelmah.db.prepared_cursor
    if pool_size:
        # Lazy: a process opens connections only to the domains it really asks.
        options["pool"] = {"min_size": 0, "max_size": pool_size, "timeout": 5, "max_idle": 120}
    return {
        "ENGINE": "kelmah.db.postgres",
        "HOST": where.hostname or "127.0.0.1",
        "PORT": str(where.port or 5432),
        "NAME": unquote(where.path.lstrip("/")) or "kelmah",
        "USER": f"kelmah_{domain}",
        "PASSWORD": os.environ.get("DATABASE_ROLE_PASSWORD", ""),
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": False,
        "ATOMIC_REQUESTS": False,
    }
