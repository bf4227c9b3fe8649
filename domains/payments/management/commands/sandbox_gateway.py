"""``manage.py sandbox_gateway``: the pretended payment provider, as a process of its own."""

import json
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from domains.payments.gateways.sandbox_memory import recall, write_down
from domains.payments.gateways.sandbox_plan import Plan
from domains.payments.gateways.sandbox_provider import Provider
from domains.payments.gateways.sandbox_server import serve


class Command(BaseCommand):
    help = "Run the sandbox payment provider; refused where it is not allowed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        port = urlsplit(settings.SANDBOX_GATEWAY_URL).port or 8002
        parser.add_argument("--port", type=int, default=port, help="0: any free one")
        parser.add_argument("--delay", type=float, default=1.0, help="seconds until what comes later happens")
        parser.add_argument("--plan", type=json.loads, default={}, help='{"seed": 7, "chances": {"silence": 0.1}}')
        parser.add_argument("--silence", type=float, default=8.0, help="seconds before it hangs up unanswered")
        parser.add_argument("--memory", type=Path, help="a file for what it knows, from one run to the next")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX_GATEWAY_ALLOWED:
            raise CommandError("The sandbox makes money out of nothing: it is not allowed by these settings.")
        secret = settings.SANDBOX_WEBHOOK_SECRETS[0]
        try:
            plan = Plan(**options["plan"])
        except (TypeError, ValueError) as error:
            raise CommandError(f"--plan: {error}") from error
        provider = Provider(settings.SANDBOX_WEBHOOK_URL, secret, delay=options["delay"], plan=plan)
        try:
            server = serve(provider, host="127.0.0.1", port=options["port"], silence=options["silence"])
        except OSError as error:
            raise CommandError(f"Port {options['port']}: {error.strerror}. Name another with --port.") from error
        for name in (signal.SIGTERM, signal.SIGINT):
            # shutdown() waits for the loop that this signal interrupts: another thread must say it
            signal.signal(name, lambda *_: threading.Thread(target=server.shutdown).start())
        self.stdout.write(f"sandbox provider on http://127.0.0.1:{server.server_port}")
        self.stdout.flush()
        if options["memory"]:
            recall(provider, options["memory"])
        server.serve_forever()
        if options["memory"]:
            write_down(provider, options["memory"])
        server.server_close()
