"""``manage.py routes``: write docs/routes.md, who comes in where, or check that it is fresh."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kelmah.domain import local_domains
from kelmah.rights.table import routes_page


class Command(BaseCommand):
    help = "Write docs/routes.md: every route and every role."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "routes.md"
        text = routes_page(config for config in local_domains() if config.name.startswith("domains."))
        if path.exists() and path.read_text() == text:
            return
        if options["check"]:
            raise CommandError("docs/routes.md is stale: run `manage.py routes`.")
        path.write_text(text)
        self.stdout.write("wrote docs/routes.md")
