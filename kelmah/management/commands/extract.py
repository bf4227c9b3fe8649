"""``manage.py extract payments``: rehearse taking one domain out, and write down what was seen."""

import os
import platform
import subprocess
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kelmah.embedded import scratch
from kelmah.embedded.errors import EmbeddedError
from kelmah.embedded.ports import roomy_port
from kelmah.extraction.facts import ties_of
from kelmah.extraction.move import NotTheSame, compare
from kelmah.extraction.rehearsal import Rehearsal
from kelmah.extraction.report import report
from kelmah.extraction.system import RehearsalFailed
from kelmah.extraction.walls import boots_alone, is_as_promised


class Command(BaseCommand):
    help = "Rehearse the extraction of one domain on throw-away data and write docs/extraction/extraction-<domain>.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("domain", choices=sorted(settings.DOMAINS))
        parser.add_argument(
            "--compare",
            nargs=2,
            metavar=("OLD", "NEW"),
            help="only compare its data in two databases (administrator's URLs)",
        )
        parser.add_argument("--into", type=Path, help="folder of the report (docs/extraction)")

    def handle(self, *args: Any, **options: Any) -> None:
        domain: str = options["domain"]
        if options["compare"]:
            self._compare(domain, *options["compare"])
            return
        folder = scratch.new_folder("extraction")
        try:
            walls = list(self._walls(domain))
            rehearsal = Rehearsal(domain, folder=folder, port=roomy_port(), tell=self._tell)
            outcome = rehearsal.play()
        except (EmbeddedError, NotTheSame, RehearsalFailed, subprocess.CalledProcessError) as error:
            words = getattr(error, "stderr", "") or str(error)
            raise CommandError(f"{domain} can't leave as it is: {words}") from None
        finally:
            scratch.discard(folder)
        into: Path = options["into"] or Path(settings.BASE_DIR) / "docs" / "extraction"
        into.mkdir(parents=True, exist_ok=True)
        page = into / f"extraction-{domain}.md"
        page.write_text(report(ties_of(domain), outcome, walls=walls, machine=_machine()))
        self._tell(f"wrote {page}")

    def _walls(self, domain: str) -> Iterator[str]:
        self._tell("[0/5] the walls")
        is_as_promised()
        yield "import contracts, system checks, migrations, interfaces, events (`manage.py verify`)"
        boots_alone(domain)
        yield "starts with every other domain's package un-importable"
        yield "PostgreSQL refuses its role every other domain's schema (asked during the rehearsal)"

    def _compare(self, domain: str, old: str, new: str) -> None:
        try:
            found = compare(domain, old, new)
        except NotTheSame as difference:
            raise CommandError(str(difference)) from None
        self._tell(f"{domain}: {found.rows} rows in {len(found.tables)} tables, the same in both")

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
