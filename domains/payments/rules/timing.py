"""Limits, and how long to wait before asking a gateway again."""

from datetime import timedelta
from typing import Final

SMALLEST_PAYOUT: Final = 100  # minor units
LARGEST_AMOUNT: Final = 100_000_000  # minor units of one deposit or payout
WEBHOOK_ATTEMPTS: Final = 12


def wait_before(attempt: int) -> timedelta:
    """Before attempt number ``attempt`` (from 1): 2, 4, 8, … seconds, an hour at most."""
    return timedelta(seconds=min(2**attempt, 3600))
