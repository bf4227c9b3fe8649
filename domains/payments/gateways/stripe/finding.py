"""Finding what was made for an order whose answer got lost: by our key in its metadata."""

from collections.abc import Iterator
from typing import Final, TypeVar
from uuid import UUID

import stripe

from domains.payments.gateways.stripe.client import key_in

_CLOCKS_DIFFER: Final = 3600  # seconds: their clock may be behind ours

Thing = TypeVar("Thing", stripe.PaymentIntent, stripe.Refund, stripe.Payout)


def since(key: UUID) -> int:
    """Unix time before which nothing can have been made for the order: our keys are UUIDv7 and say when they began."""
    return (key.int >> 80) // 1000 - _CLOCKS_DIFFER


def named(key: UUID, things: stripe.ListObject[Thing]) -> Iterator[Thing]:
    """Those of a list, over all of its pages, that were made for the order."""
    return (thing for thing in things.auto_paging_iter() if key_in(thing.to_dict()) == key)
