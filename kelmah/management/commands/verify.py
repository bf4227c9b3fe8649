"""``manage.py verify``: everything about the architecture that a machine can check, in one go."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState


class Command(BaseCommand):
    help = "Check import contracts, system checks, migrations, and that every generated document is fresh."

    def handle(self, *args: Any, **options: Any) -> None:
        failed = [name for name, check in self._checks() if not self._passes(name, check)]
        if failed:
            raise CommandError(f"failed: {', '.join(failed)}")

    def _checks(self) -> list[tuple[str, Callable[[], object]]]:
        return [
            ("import contracts", _import_contracts),
            ("system checks", lambda: call_command("check", verbosity=0)),
            ("migrations", _migrations),
            ("interfaces", lambda: call_command("interfaces", check=True)),
            ("event catalogue", lambda: call_command("events", "catalogue", "--check")),
            ("architecture and canvases", lambda: call_command("canvas", check=True)),
            ("routes and roles", lambda: call_command("routes", check=True)),
            ("deployment files", lambda: call_command("deployment", check=True)),
        ]

    def _passes(self, name: str, check: Callable[[], object]) -> bool:
        try:
            check()
        except (CommandError, SystemExit) as error:
            self.stderr.write(f"FAILED  {name}: {error}")
            return False
        self.stdout.write(f"ok      {name}")
        return True


def _migrations() -> None:
    """As ``makemigrations --check``, without asking a database what it has applied."""
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    if missing := detector.changes(graph=loader.graph):
        raise CommandError(f"models and migrations differ in {', '.join(sorted(missing))}: manage.py makemigrations")


def _import_contracts() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    if not program.exists():
        raise CommandError("the tools of developers are not installed here: make tools")
    command = [str(program), "--config", "importlinter.ini"]
    outcome = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)  # noqa: S603
    if outcome.returncode:
        raise CommandError(outcome.stdout[-4000:])
