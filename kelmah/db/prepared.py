"""Statements that the server parses and plans once per connection instead of every time."""

from typing import Any

import psycopg
from django.db import connections
from django.db.backends.utils import CursorWrapper


def prepared_cursor(alias: str) -> CursorWrapper:
    """A cursor whose statements the server keeps when they come often; counted and timed like any other.

    For statements whose plan is the same whatever the values are, such as the call of a function. Values go beside
    the statement: a number without a width (``psycopg.types.numeric.Int8``) makes a statement of each that comes.
    """
    connection: Any = connections[alias]
    connection.ensure_connection()
    with connection.wrap_database_errors:
        # Django's own cursor writes the values into the statement, which then is new to the server every time.
        wrapped: CursorWrapper = connection._prepare_cursor(psycopg.Cursor(connection.connection))
    return wrapped
