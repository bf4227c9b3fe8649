"""Taking turns where there is no row yet to lock."""

from django.db import connections


def take_turn(name: str) -> None:
    """Wait for whoever has this turn, and keep it until the transaction ends: of two at once the second finds what the
    first has made."""
    with connections["payments"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
