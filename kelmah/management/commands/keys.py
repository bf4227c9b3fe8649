"""``manage.py keys``: the keys that sign calls and events between processes, made and rotated while these run."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kelmah.rpc import key_files
from kelmah.rpc.acquaintances import acquaintances

_NEXT = {
    "add": "The new keys are known to everybody in a few seconds. Next: sign",
    "sign": "The new keys sign. Next: drop, when no process is left that started before",
    "drop": "The old keys are gone.",
}


class Command(BaseCommand):
    help = "Make and rotate the keys of calls between processes: new, then again and again add, sign, drop."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=("new", "show", *_NEXT))
        parser.add_argument("folder", type=Path, help="of one file per domain: INTERNAL_RPC_KEYS_FILE of its processes")
        parser.add_argument("--now", action="store_true", help="although the last change may not be read everywhere")

    def handle(self, *args: Any, **options: Any) -> None:
        verb, folder = options["verb"], options["folder"]
        if verb == "new":
            self._new(folder)
            return
        try:
            age = key_files.age(folder)
        except FileNotFoundError:
            raise CommandError(f"There are no keys in {folder}: manage.py keys new {folder}") from None
        if verb in _NEXT:
            if age < key_files.SETTLED_AFTER and not options["now"]:
                raise CommandError(
                    f"The last change is {age:.0f} s old, and not everybody may have read it: wait a moment."
                )
            try:
                getattr(key_files, verb)(folder)
            except key_files.OutOfTurn as error:
                raise CommandError(str(error)) from None
            self.stdout.write(_NEXT[verb])
        self._show(folder)

    def _new(self, folder: Path) -> None:
        if list(folder.glob("*.json")):
            raise CommandError(f"There are keys in {folder} already: add, sign and drop change them.")
        key_files.new_folder(folder, known=acquaintances(sorted(settings.DOMAINS)))
        self._show(folder)

    def _show(self, folder: Path) -> None:
        """Names of keys, never keys."""
        for file in sorted(folder.glob("*.json")):
            self.stdout.write(file.stem)
            for caller, keys in sorted(key_files.read_keys(file).items()):
                first, *others = (key_files.name_of(key) for key in keys)
                more = f", also {', '.join(others)}" if others else ""
                self.stdout.write(f"  {caller:<12} {first} signs{more}")
