"""``manage.py create_staff --email ama@example.com --password-stdin``"""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from domains.identity import actions
from kelmah.errors import DomainError


class Command(BaseCommand):
    help = "Create somebody at the staff desk. The password is asked for, never an argument."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="", help="shown to members; by default what stands before the @")
        parser.add_argument(
            "--without-rights", action="store_true", help="they get roles at the desk; by default they have all rights"
        )
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"] or options["email"].partition("@")[0]
        try:
            user = actions.create_staff(
                email=options["email"],
                password=_password(options["password_stdin"]),
                display_name=name,
                has_all_rights=not options["without_rights"],
            )
        except DomainError as refusal:
            raise CommandError("; ".join(error.detail for error in refusal.errors) or refusal.detail) from None
        self.stdout.write(f"{user.email} may log in at /admin/")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask for the password at: use --password-stdin")
    return getpass.getpass()
