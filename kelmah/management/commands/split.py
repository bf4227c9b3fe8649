"""``manage.py split``: every domain in processes of its own with its own database, behind a gateway."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand, CommandError

from kelmah.domain import local_domains
from kelmah.embedded.console import Console
from kelmah.embedded.errors import EmbeddedError
from kelmah.embedded.folders import data_folder
from kelmah.embedded.groups import groups_of
from kelmah.embedded.options import Options
from kelmah.embedded.split import Split
from kelmah.embedded.status import read_status, table_of
from kelmah.embedded.supervisor import Supervisor

_DEMO = "load_demo"


class Command(BaseCommand):
    help = "Run one group of processes per domain, each with its own database, behind nginx. Ctrl-C stops everything."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "verb",
            nargs="?",
            default="run",
            choices=("run", "status", "down", "up"),
            help="run it (the default); show a running one; take a process or a domain of it down, or up again",
        )
        parser.add_argument("name", nargs="?", default="", help="of a process or a domain, for down and up")
        parser.add_argument("--port", type=int, default=8000, help="of the gateway (8000); others are above")
        parser.add_argument(
            "--apart", action="append", default=[], help="only this domain alone, the rest together (may be repeated)"
        )
        parser.add_argument(
            "--env", action="append", default=[], metavar="DOMAIN:NAME=VALUE", help="for one domain's processes only"
        )
        parser.add_argument("--copies", type=int, default=2, help="of every domain's API (2)")
        parser.add_argument("--data", metavar="DIR", help="data folder (split, in that of `manage.py run`)")
        parser.add_argument("--no-demo", action="store_true", help="start with empty tables")

    def handle(self, *args: Any, **options: Any) -> None:
        data = data_folder(options["data"]) if options["data"] else data_folder() / "split"
        getattr(self, f"_{options['verb']}")(data, options)

    def _run(self, data: Path, options: dict[str, Any]) -> None:
        commands = frozenset(get_commands())
        demo = "" if options["no_demo"] or _DEMO not in commands else _DEMO
        chosen = Options(data=data, port=options["port"], demo_command=demo, commands=commands)
        try:
            groups = groups_of(local_domains(), apart=options["apart"])
        except EmbeddedError as error:
            raise CommandError(str(error)) from None
        split = Split(chosen, groups, copies=options["copies"], extra=_extra(options["env"]))
        raise SystemExit(Supervisor(split, data=data, console=Console(width=18), within=240.0).run())

    def _status(self, data: Path, options: dict[str, Any]) -> None:
        for line in table_of(_rows(data)):
            self.stdout.write(line)

    def _down(self, data: Path, options: dict[str, Any]) -> None:
        self._named(data, options["name"]).touch()
        self.stdout.write(f"{options['name']} goes down; `manage.py split up {options['name']}` brings it back")

    def _up(self, data: Path, options: dict[str, Any]) -> None:
        self._named(data, options["name"]).unlink(missing_ok=True)
        self.stdout.write(f"{options['name']} comes up")

    def _named(self, data: Path, name: str) -> Path:
        known = {row["process"] for row in _rows(data)} | set(settings.DOMAINS)
        if name not in known:
            raise CommandError(f"There is no process or domain {name!r}: {', '.join(sorted(known))}.")
        return data / "held" / name


def _extra(entries: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for entry in entries:
        domain, _, rest = entry.partition(":")
        name, given, value = rest.partition("=")
        if domain not in settings.DOMAINS or not name or not given:
            raise CommandError(f"--env {entry}: for example --env payments:LOG_LEVEL=DEBUG")
        found.setdefault(domain, {})[name] = value
    return found


def _rows(data: Path) -> list[dict[str, Any]]:
    try:
        return read_status(data / "status.json")
    except FileNotFoundError:
        raise CommandError(f"Nothing was started in {data}: make split.") from None
