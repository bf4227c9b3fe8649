"""Everything in one process of each kind: what ``manage.py run`` starts."""

import os
from collections.abc import Iterator
from pathlib import Path

from kelmah.embedded.environment import environments, write_for_shells
from kelmah.embedded.folders import make_folder
from kelmah.embedded.options import Options
from kelmah.embedded.plan import Member, Plan, Step
from kelmah.embedded.ports import HOST, check_free
from kelmah.embedded.processes import STOP_ORDER, process_table
from kelmah.embedded.programs import postgres_programs

DATABASE = "kelmah"


class Monolith:
    """A topology: ``check`` before anything is started, ``plan`` when the servers run."""

    def __init__(self, options: Options) -> None:
        self.options = options

    def check(self) -> None:
        """Raises EmbeddedError for a port that is taken."""
        check_free(self.options.port, purpose="REST API", option="--port (make run PORT=…)")
        check_free(self.options.live_port, purpose="WebSockets", option="--live-port (make run LIVE_PORT=…)")

    def plan(self, *, database_url: str, redis_url: str) -> Plan:
        """``database_url`` carries the administrator's credentials."""
        options = self.options
        found = environments(
            data=options.data,
            database_url=database_url,
            redis_url=redis_url,
            port=options.port,
            live_port=options.live_port,
        )
        for folder in ("files", "mailbox", "static"):
            make_folder(options.data / folder)
        write_for_shells(found, data=options.data, programs=_programs())
        # Demo data goes in by the run-time roles, like everything after the migrations.
        demo = Step((options.demo_command,), found.processes) if options.demo_command else None
        table = process_table(
            port=options.port, live_port=options.live_port, data=options.data, commands=options.commands
        )
        members = tuple(Member(process, found.processes) for process in table)
        return Plan(
            setup=(Step(("prepare_databases",), found.setup), Step(("migrate_domains",), found.setup)),
            demo=demo,
            # The API alone first: five processes importing at once on two cores would make its first answer wait.
            groups=(members[:1], members[1:]),
            stop_order=STOP_ORDER,
            rows=dict(_rows(options)),
        )


def _programs() -> Path | None:
    """Those of the embedded server; None when another one is used."""
    return None if os.environ.get("DATABASE_URL") else postgres_programs().root / "bin"


def _rows(options: Options) -> Iterator[tuple[str, str]]:
    yield "API", f"http://{HOST}:{options.port}/api/v1/"
    yield "API docs", f"http://{HOST}:{options.port}/api/docs"
    yield "Staff desk", f"http://localhost:{options.port}/admin/"  # browsers bind no passkey to a number
    yield "WebSocket", f"ws://{HOST}:{options.live_port}/ws"
    yield "Data", str(options.data)
