"""A connection of one's own beside Django's: for what lives as long as a session, LISTEN and advisory locks.

It must reach PostgreSQL itself or a pooler in session mode.
"""

from typing import Any

import psycopg
from django.db import connections


def connect(alias: str, *, name: str) -> psycopg.Connection[Any]:
    """A connection in autocommit, as the run-time role of ``alias``. Raises psycopg.OperationalError.

    Either side notices within half a minute when the other is gone without a word.
    """
    there = connections[alias].settings_dict
    connection = psycopg.connect(
        host=there["HOST"],
        port=there["PORT"],
        dbname=there["NAME"],
        user=there["USER"],
        password=there["PASSWORD"],
        application_name=name,
        connect_timeout=5,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=4,
        autocommit=True,
    )
    for setting in ("idle = 10", "interval = 5", "count = 4"):
        connection.execute(f"SET tcp_keepalives_{setting}")
    return connection


def place_of(alias: str) -> str:
    """Where the alias is: aliases of one place share a database."""
    there = connections[alias].settings_dict
    return f"{there['HOST']}:{there['PORT']}/{there['NAME']}"
