"""``manage.py deployment``: write ``deploy/`` from the code, or check that it is fresh."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kelmah.deployment.files import deploy_files


class Command(BaseCommand):
    help = "Write the compose files and Kubernetes manifests under deploy/."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.BASE_DIR) / "deploy"
        wanted = {folder / name: text for name, text in deploy_files().items()}
        stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
        unknown = [path for path in folder.rglob("*.yaml") if path not in wanted]
        if options["check"]:
            if names := ", ".join(str(path.relative_to(folder)) for path in sorted({*stale, *unknown})):
                raise CommandError(f"stale in deploy/: {names}. Run `manage.py deployment`.")
            return
        for path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path])
            self.stdout.write(f"wrote {path.relative_to(settings.BASE_DIR)}")
        for path in unknown:
            path.unlink()
            self.stdout.write(f"removed {path.relative_to(settings.BASE_DIR)}")
