"""``manage.py migrate_domains``: every local domain's migrations on its own database, as its owner role."""

from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from kelmah.db.migration import migrate_domain


class Command(BaseCommand):
    help = "Migrate every local domain on its own alias."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--domain", action="append", help="only this domain (may be repeated)")

    def handle(self, *args: Any, **options: Any) -> None:
        domains = options["domain"] or list(settings.LOCAL_DOMAINS)
        applied = 0
        for number, domain in enumerate(domains, start=1):
            place = f"[{number}/{len(domains)}]"
            applied += migrate_domain(domain, partial(self._tell_of, place))
        self._tell(f"{applied} migrations applied" if applied else "nothing to migrate")

    def _tell_of(self, place: str, line: str) -> None:
        self._tell(f"{place} {line}")

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
