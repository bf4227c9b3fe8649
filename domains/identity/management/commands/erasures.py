"""``manage.py erasures again --since 2026-11-20T03:00:00``: after a domain was restored from a backup."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from domains.identity.actions.erasures import sweep_again


class Command(BaseCommand):
    help = "Have every domain forget once more whoever was erased since a backup was taken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        again = verbs.add_parser("again", help="whoever was erased since then; the backup of then knows them still")
        again.add_argument("--since", type=_moment, required=True, help="2026-11-20T03:00:00, in UTC unless it says")

    def handle(self, *args: Any, since: datetime, **options: Any) -> None:
        self.stdout.write(f"{sweep_again(since=since)} people")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
