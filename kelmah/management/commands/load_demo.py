"""``manage.py load_demo``: people to log in as, and jobs to look at. Loading twice changes nothing."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from kelmah.demo import PASSWORD, PEOPLE
from kelmah.domain import local_domains


class Command(BaseCommand):
    help = "Load deterministic demo data through the domains' own actions."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_ALLOWED:
            raise CommandError("Demo accounts have a known password and are refused by these settings.")
        for config in local_domains():
            if config.demo:
                self.stdout.write(f"demo data of {config.domain}")
                import_string(config.demo)()
        if folder := os.environ.get("KELMAH_DATA_DIR"):
            lines = [f"{person.email}  {person.role}" for person in PEOPLE]
            text = "\n".join([f"password of all: {PASSWORD}", *lines]) + "\n"
            (Path(folder) / "demo-logins.txt").write_text(text)
