"""``manage.py exchange_rates <file>``: what one unit of the base currency was worth."""

import csv
from argparse import ArgumentParser
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from domains.payments.actions import exchange
from kelmah.errors import DomainError


class Command(BaseCommand):
    help = "Keep exchange rates: CSV with the columns currency and rate, units for one of FX_BASE."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--origin", required=True, help="who says so, as 'Bank of Ghana'")
        parser.add_argument("--at", required=True, help="of when, as 2026-11-20T12:00:00Z")
        parser.add_argument("--jumps-are-meant", action="store_true", help="although a rate is far from the last one")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open(newline="") as lines:
                rates = {line["currency"]: Decimal(line["rate"]) for line in csv.DictReader(lines)}
            observed_at = datetime.fromisoformat(options["at"])
        except (OSError, KeyError, ValueError, InvalidOperation) as error:
            raise CommandError(f"This can't be read: {error!r}") from None
        if observed_at.tzinfo is None:
            raise CommandError("Say of which offset the time is, as in 2026-11-20T12:00:00Z.")
        try:
            new = exchange.keep_rates(
                rates,
                origin=options["origin"],
                observed_at=observed_at,
                jumps_are_meant=options["jumps_are_meant"],
            )
        except DomainError as refused:
            raise CommandError(f"{refused.title}: {refused.data or refused.detail}") from None
        self.stdout.write(f"{new} of {len(rates)} rates are new")
