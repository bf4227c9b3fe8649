"""``manage.py verify``: everything about the architecture that a machine can check, in one go."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Check import contracts, system checks, migrations, interfaces, event catalogue and canvases."

    def handle(self, *args: Any, **options: Any) -> None:
        failed = [name for name, check in self._checks() if not self._passes(name, check)]
        if failed:
            raise CommandError(f"failed: {', '.join(failed)}")

    def _checks(self) -> list[tuple[str, Callable[[], object]]]:
        return [
            ("import contracts", _import_contracts),
            ("system checks", lambda: call_command("check", verbosity=0)),
            ("migrations", lambda: call_command("makemigrations", check=True, dry_run=True, verbosity=0)),
            ("interfaces", lambda: call_command("interfaces", check=True)),
            ("event catalogue", lambda: call_command("events", "catalogue", "--check")),
            ("canvases", lambda: call_command("canvas", check=True)),
        ]

    def _passes(self, name: str, check: Callable[[], object]) -> bool:
        try:
            check()
        except (CommandError, SystemExit) as error:
            self.stderr.write(f"FAILED  {name}: {error}")
            return False
        self.stdout.write(f"ok      {name}")
        return True


def _import_contracts() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    command = [str(program), "--config", "importlinter.ini"]
    outcome = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)  # noqa: S603
    if outcome.returncode:
        raise CommandError(outcome.stdout[-4000:])
