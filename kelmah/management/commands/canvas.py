"""``manage.py canvas``: write every domain's canvas and the map of all from the code, or check that they are fresh."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kelmah.canvas.facts import facts_of
from kelmah.canvas.map import architecture
from kelmah.canvas.page import with_canvas
from kelmah.deployment.routes import table_of
from kelmah.domain import local_domains


class Command(BaseCommand):
    help = "Write each domain's canvas into its README, and docs/architecture.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        stale = [path for path, text in self._pages().items() if not path.exists() or path.read_text() != text]
        if options["check"] and stale:
            names = ", ".join(str(path.relative_to(settings.BASE_DIR)) for path in stale)
            raise CommandError(f"stale: {names}. Run `manage.py canvas`.")
        for path in stale:
            path.write_text(self._pages()[path])
            self.stdout.write(f"wrote {path.relative_to(settings.BASE_DIR)}")

    def _pages(self) -> dict[Path, str]:
        configs = [config for config in local_domains() if config.name.startswith("domains.")]
        names = [config.domain for config in configs]
        known = [facts_of(config, all_domains=names) for config in configs]
        pages = {}
        for config, facts in zip(configs, known, strict=True):
            readme = Path(config.path) / "README.md"
            pages[readme] = with_canvas(readme.read_text() if readme.exists() else f"# {config.domain}", facts)
        pages[Path(settings.BASE_DIR) / "docs" / "architecture.md"] = architecture(configs, known, table_of(configs))
        return pages
