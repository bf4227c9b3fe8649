"""``manage.py interfaces --check | --write``: the interfaces between domains, kept in ``docs/interfaces``."""

import json
import pkgutil
from collections.abc import Iterator
from importlib import import_module  # noqa: TID251 - the shelf lists itself
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

import kelmah.interfaces
from kelmah.rpc.compatibility import breaks
from kelmah.rpc.schema import Document, document_of, text_of
from kelmah.rpc.service import INTERFACES, Service


class Command(BaseCommand):
    """Refuses changes that would break a caller which is deployed later than the provider."""

    help = "Keep JSON Schemas of all interfaces, and refuse a change that would break a caller."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--check", action="store_true", help="fail when a caller would break or a document is stale")
        what.add_argument("--write", action="store_true", help="write the documents, unless a caller would break")
        parser.add_argument(
            "--breaking", action="store_true", help="with --write: no deployed caller needs the old one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.BASE_DIR) / "docs" / "interfaces"
        kept = {path: path.read_text() for path in sorted(folder.glob("*.json"))}
        wanted = {folder / f"{each.domain}.json": document_of(each) for each in interfaces_on_the_shelf()}
        broken = [line for path, text in kept.items() for line in _breaks(json.loads(text), wanted.get(path))]
        if broken and not (options["write"] and options["breaking"]):
            raise CommandError("a caller would break:\n  " + "\n  ".join(broken))
        texts = {path: text_of(document) for path, document in wanted.items()}
        if options["check"]:
            if stale := sorted(path.name for path in kept.keys() | texts.keys() if kept.get(path) != texts.get(path)):
                raise CommandError(f"stale in {folder}: {', '.join(stale)}: run manage.py interfaces --write")
        else:
            _write(folder, kept=kept, texts=texts)
        self.stdout.write(f"{len(wanted)} interfaces")


def interfaces_on_the_shelf() -> Iterator[type[Service]]:
    """All that ``kelmah/interfaces`` holds, whether their domains run here or not."""
    for package in pkgutil.iter_modules(kelmah.interfaces.__path__):
        if not package.ispkg:  # what all of them share
            continue
        calls = import_module(f"kelmah.interfaces.{package.name}.calls")
        interface = INTERFACES.get(package.name)
        if interface is not None and interface.__module__ == calls.__name__:
            yield interface


def _breaks(older: Document, newer: Document | None) -> list[str]:
    return breaks(older, newer) if newer else [f"{older['domain']}: the interface was removed"]


def _write(folder: Path, *, kept: dict[Path, str], texts: dict[Path, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in kept.keys() - texts.keys():
        path.unlink()
    for path, text in texts.items():
        path.write_text(text)
