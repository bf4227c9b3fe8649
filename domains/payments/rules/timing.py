"""Limits, and how long to wait before asking a gateway again."""

from datetime import timedelta
from typing import Final

from kelmah.money import EXPONENTS, Money

LARGEST_AMOUNT: Final = 100_000_000  # minor units of one deposit or payout
WEBHOOK_ATTEMPTS: Final = 12  # about two hours
OUTAGE_ATTEMPTS: Final = 36  # about a day: a provider that is down is nobody's mistake
SENDER_DEAD_AFTER: Final = timedelta(seconds=30)  # a sender that has said nothing for so long is gone
PAGED_AGAIN_AFTER: Final = timedelta(hours=1)  # while the books are red
RESTRICTED_FOR: Final = timedelta(hours=1)  # until it is asked again whether somebody may be paid
UNTOLD_FOR: Final = timedelta(minutes=1)  # the same, when nobody could say
TAKEN_FOR: Final = timedelta(seconds=30)  # what a worker has taken is nobody else's for so long


def smallest_payout(currency: str) -> Money:
    """One whole unit: GHS 1.00, JPY 1."""
    return Money(10 ** EXPONENTS[currency], currency)


def wait_before(attempt: int) -> timedelta:
    """Before attempt number ``attempt`` (from 1): 2, 4, 8, … seconds, an hour at most."""
    return timedelta(seconds=min(2 ** min(attempt, 12), 3600))
