"""Holds in the words of other domains."""

from domains.payments.models import MoneyHold
from domains.payments.queries.objects import the


def lock_hold(key: str) -> MoneyHold:
    """The hold's row, locked until the transaction ends. Raises NotFound."""
    return the(MoneyHold.objects.select_for_update().filter(key=key), "There is no such hold.")
