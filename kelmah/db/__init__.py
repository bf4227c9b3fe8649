"""Databases: one alias, schema and role per domain; the only door to a transaction is ``atomic``."""

from kelmah.db.prepared import prepared_cursor
from kelmah.db.transaction import atomic, before_commit, in_atomic, rehearsal, rehearsing, run_on_commit
from kelmah.db.versions import check_version

__all__ = [
    "atomic",
    "before_commit",
    "check_version",
    "in_atomic",
    "prepared_cursor",
    "rehearsal",
    "rehearsing",
    "run_on_commit",
]
