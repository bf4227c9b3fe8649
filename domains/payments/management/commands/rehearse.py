"""``manage.py rehearse unknown-payment``: bring about what a runbook is for, on the demo data."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from domains.payments.actions import rehearsals
from kelmah.errors import DomainError


class Command(BaseCommand):
    help = "Bring about a situation of docs/runbooks on the demo data; prints the ids of what it is about."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("situation", choices=sorted(rehearsals.SITUATIONS))

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO_ALLOWED and settings.SANDBOX_GATEWAY_ALLOWED):
            raise CommandError("Only where demo data and the sandbox are allowed: never beside real money.")
        try:
            ids = rehearsals.SITUATIONS[options["situation"]]()
        except DomainError as refusal:
            raise CommandError(f"{refusal.code}: {refusal.detail or refusal.title}") from None
        self.stdout.write(" ".join(str(each) for each in ids))
