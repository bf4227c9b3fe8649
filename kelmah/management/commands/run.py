"""``manage.py run``: everything on this machine, on embedded servers unless DATABASE_URL and REDIS_URL name others."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import get_commands
from django.core.management.base import BaseCommand

from kelmah.embedded.folders import data_folder
from kelmah.embedded.monolith import Monolith
from kelmah.embedded.options import Options
from kelmah.embedded.supervisor import Supervisor

_DEMO = "load_demo"


class Command(BaseCommand):
    help = "Run api, live, relay, worker and beat with an embedded PostgreSQL and Redis. Ctrl-C stops everything."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the REST API and the staff desk (8000)")
        parser.add_argument("--live-port", type=int, default=8001, help="of the WebSockets (8001)")
        parser.add_argument(
            "--data", metavar="DIR", help="data folder (KELMAH_DATA_DIR, else .data; /var/lib/kelmah for root)"
        )
        parser.add_argument("--no-demo", action="store_true", help="start with empty tables")

    def handle(self, *args: Any, **options: Any) -> None:
        commands = frozenset(get_commands())
        demo = "" if options["no_demo"] or _DEMO not in commands else _DEMO
        chosen = Options(
            data=data_folder(options["data"]),
            port=options["port"],
            live_port=options["live_port"],
            demo_command=demo,
            commands=commands,
        )
        raise SystemExit(Supervisor(Monolith(chosen), data=chosen.data).run())
