"""``manage.py sandbox_gateway``: the pretended payment provider, as a process of its own."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from domains.payments.gateways.sandbox_server import Provider, serve


class Command(BaseCommand):
    help = "Run the sandbox payment provider; refused where it is not allowed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=urlsplit(settings.SANDBOX_GATEWAY_URL).port or 8002)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX_GATEWAY_ALLOWED:
            raise CommandError("The sandbox makes money out of nothing: it is not allowed by these settings.")
        provider = Provider(settings.SANDBOX_WEBHOOK_URL, settings.SANDBOX_WEBHOOK_SECRETS[0])
        server = serve(provider, host="127.0.0.1", port=options["port"])
        for name in (signal.SIGTERM, signal.SIGINT):
            # shutdown() waits for the loop that this signal interrupts: another thread must say it
            signal.signal(name, lambda *_: threading.Thread(target=server.shutdown).start())
        self.stdout.write(f"sandbox provider on http://127.0.0.1:{options['port']}")
        self.stdout.flush()
        server.serve_forever()
        server.server_close()
