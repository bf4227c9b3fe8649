"""``manage.py prepare_databases``: databases, roles, schemas and extensions, by an administrator's connection."""

import os
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kelmah.db import roles


class Command(BaseCommand):
    help = "Create databases, roles, schemas and extensions for the local domains (needs administrator credentials)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--domain", action="append", help="only this domain (may be repeated)")

    def handle(self, *args: Any, **options: Any) -> None:
        by_url: dict[str, list[str]] = {}
        for domain in options["domain"] or settings.LOCAL_DOMAINS:
            by_url.setdefault(_admin_url(domain), []).append(domain)
        for url, domains in by_url.items():
            try:
                _prepare(url, domains)
            except psycopg.OperationalError as error:
                raise CommandError(f"The database server does not let the administrator in: {error}".strip()) from None
            if options["verbosity"]:
                self.stdout.write(f"prepared {', '.join(domains)}")


def _admin_url(domain: str) -> str:
    """The administrator's own address of this domain's database, or the common one's credentials at its place."""
    own, common = os.environ.get(f"{domain.upper()}_DATABASE_ADMIN_URL"), os.environ.get("DATABASE_ADMIN_URL")
    place = str(settings.DOMAIN_DATABASE_URLS[domain])
    if own or not common:
        return own or place
    if f"{domain.upper()}_DATABASE_URL" not in os.environ:
        return common
    credentials, at, _ = urlsplit(common).netloc.rpartition("@")
    parts = urlsplit(place)
    return urlunsplit(parts._replace(netloc=credentials + at + parts.netloc.rpartition("@")[2]))


def _prepare(url: str, domains: list[str]) -> None:
    parts = urlsplit(url)
    wanted = parts.path.lstrip("/") or "kelmah"
    roles.create_database(urlunsplit(parts._replace(path="/postgres")), wanted)
    password = os.environ.get("DATABASE_ROLE_PASSWORD", "")
    roles.prepare(urlunsplit(parts._replace(path=f"/{wanted}")), domains, password=password)
