"""``manage.py create_staff --email ama@example.com --name Ama``: the password comes from standard input."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from domains.identity import actions
from kelmah.errors import DomainError


class Command(BaseCommand):
    help = "Create somebody who may enter the staff desk; the password is read from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            actions.create_staff(email=options["email"], password=password, display_name=options["name"])
        except DomainError as error:
            details = "; ".join(field.detail for field in error.errors) or error.detail
            raise CommandError(details) from None
        self.stdout.write(f"{options['email']} may log in at /admin/")
