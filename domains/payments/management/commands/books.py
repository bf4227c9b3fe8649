"""``manage.py books check``: are the books in order?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from domains.payments.queries.invariants import INVARIANTS, contradictions


class Command(BaseCommand):
    help = "Check the eight invariants of the ledger."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["check"])

    def handle(self, *args: Any, **options: Any) -> None:
        broken = {found.invariant: found.rows for found in contradictions()}
        for invariant in INVARIANTS:
            self.stdout.write(f"{'BROKEN' if invariant in broken else 'ok    '}  {invariant}")
            for row in broken.get(invariant, []):
                self.stdout.write(f"        {row}")
        if broken:
            raise CommandError(f"{len(broken)} of {len(INVARIANTS)} invariants are broken: stop payouts and look.")
