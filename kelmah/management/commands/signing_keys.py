"""``manage.py signing_keys``: the keys that sign access tokens, made and rotated while identity runs."""

from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kelmah.http import signing_key_file
from kelmah.http.keys import kid_of

_VERBS = ("new", "promote", "drop", "show")


class Command(BaseCommand):
    help = "Make and rotate the keys of access tokens: new, then again and again new, promote, drop."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=_VERBS)
        parser.add_argument("file", type=Path, help="JWT_SIGNING_KEY_FILE of identity's processes")
        parser.add_argument("--now", action="store_true", help="although people may have to log in or refresh again")

    def handle(self, *args: Any, **options: Any) -> None:
        verb, file = options["verb"], options["file"]
        if verb != "new" and not file.exists():
            raise CommandError(f"There is no {file}: manage.py signing_keys new {file}")
        try:
            if verb == "new":
                signing_key_file.new(file)
            elif verb == "promote":
                signing_key_file.promote(file, now=options["now"])
            elif verb == "drop":
                signing_key_file.drop(file, now=options["now"])
            keys = signing_key_file.read(file)
        except (signing_key_file.OutOfTurn, signing_key_file.TooEarly, ValueError, OSError) as error:
            raise CommandError(str(error)) from None
        if verb == "new" and len(keys) > 1:
            self._say_next("The new key is published", signing_key_file.HEARD_AFTER, "promote")
        elif verb == "promote":
            self._say_next("The new key signs", signing_key_file.last_token_dies_after(), "drop")
        for key in keys:  # names of keys, never keys
            self.stdout.write(f"{kid_of(key.pem)}  {key.state}  {key.since.isoformat() if key.since else 'undated'}")

    def _say_next(self, done: str, wait: timedelta, verb: str) -> None:
        self.stdout.write(f"{done}. Next, in {wait.total_seconds() / 60:.0f} minutes: {verb}")
