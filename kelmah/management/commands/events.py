"""``manage.py events``: run the relay, look at what waits, and decide about dead letters."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kelmah.errors import DomainError
from kelmah.events import over_http
from kelmah.events.broker import broker
from kelmah.events.catalogue import catalogue
from kelmah.events.dead_letters import dead_letters, discard, resubmit
from kelmah.events.gauges import gauges_of
from kelmah.events.loop import Loop, elsewhere
from kelmah.rpc.errors import RemoteFailure


class Command(BaseCommand):
    help = "Deliver events, show them, decide about dead ones, document them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        run = verbs.add_parser("run", help="relay and handle events until stopped")
        run.add_argument("--once", action="store_true", help="only what is due now")
        run.add_argument("--domain", action="append", help="only this domain (may be repeated)")
        run.add_argument("--heartbeat", type=Path, help="a file to touch at every look: its age tells whether we work")
        verbs.add_parser("list", help="depth, age and dead letters of every queue")
        again = verbs.add_parser("resubmit", help="try dead letters again")
        again.add_argument("domain")
        again.add_argument("--event", type=UUID)
        again.add_argument("--handler")
        lose = verbs.add_parser("discard", help="give a dead letter up, with a reason")
        lose.add_argument("domain")
        lose.add_argument("event", type=UUID)
        lose.add_argument("--handler")
        lose.add_argument("--reason", required=True)
        book = verbs.add_parser("catalogue", help="write docs/events.md")
        book.add_argument("--check", action="store_true", help="write nothing; fail when it is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except DomainError as error:
            raise CommandError(error.detail) from None
        except LookupError as error:
            raise CommandError(str(error)) from None

    def _run(self, options: dict[str, Any]) -> None:
        loop = Loop(options["domain"] or settings.LOCAL_DOMAINS, broker())
        if options["once"]:
            self.stdout.write(f"{loop.once()} rows moved")
            return
        self.stdout.write(f"relaying {', '.join(loop.domains)}")
        loop.run(heartbeat=options["heartbeat"])
        waiting = sum(gauge.depth for domain in loop.domains for gauge in gauges_of(domain))
        self.stdout.write(f"relay stopped; {waiting} events wait")

    def _list(self, options: dict[str, Any]) -> None:
        for domain in settings.LOCAL_DOMAINS:
            for gauge in gauges_of(domain):
                self.stdout.write(
                    f"{domain:<12} {gauge.queue:<7} {gauge.depth:>7} waiting"
                    f" {gauge.oldest_seconds:>9.1f} s old {gauge.dead:>5} dead"
                )
            for letter in dead_letters(domain):
                self.stdout.write(
                    f"  dead {letter.event_id} {letter.topic} -> {letter.handler} (key {letter.key},"
                    f" {letter.attempts} attempts): {letter.last_error}"
                )
            self._list_elsewhere(domain)

    def _list_elsewhere(self, domain: str) -> None:
        """What others buried of what this domain told them: theirs to resubmit, for us to know."""
        for target in elsewhere(domain):
            try:
                letters = over_http.dead_letters_at(target, domain)
            except RemoteFailure as error:
                self.stdout.write(f"  {target} does not say what it buried: {error.detail}")
                continue
            for letter in letters:
                self.stdout.write(
                    f"  dead {letter['event_id']} {letter['topic']} -> {letter['handler']} at {target}"
                    f" (key {letter['key']}, {letter['attempts']} attempts): {letter['last_error']}"
                )

    def _resubmit(self, options: dict[str, Any]) -> None:
        tried = resubmit(options["domain"], event_id=options["event"], handler=options["handler"])
        self.stdout.write(f"{tried} events will be tried again")

    def _discard(self, options: dict[str, Any]) -> None:
        lost = discard(
            options["domain"], event_id=options["event"], handler=options["handler"], reason=options["reason"]
        )
        self.stdout.write(f"{lost} events discarded")

    def _catalogue(self, options: dict[str, Any]) -> None:
        page, text = Path(settings.BASE_DIR) / "docs" / "events.md", catalogue()
        if options["check"]:
            if not page.exists() or page.read_text() != text:
                raise CommandError("docs/events.md is stale: run `manage.py events catalogue`.")
            return
        page.write_text(text)
        self.stdout.write("wrote docs/events.md")
