"""What a domain answers when it is asked to check or to erase."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from kelmah.interfaces.privacy import Answered, Asked, Hold

A = TypeVar("A", bound=Answered)


def answered(
    kind: type[A],
    asked: Asked,
    *,
    holds_on: Callable[[UUID], Sequence[Hold]],
    erase: Callable[[UUID], dict[str, int]],
) -> A:
    """The answer, once done what was asked: inside the domain's transaction, which publishes it.

    What stands against an erasure is asked for again when it comes to it: since the check somebody else may have dealt
    with the person. ``erase`` must find nothing left to do the second time.
    """
    holds = [] if asked.step == "sweep" else [hold for hold in holds_on(asked.user_id) if hold.count]
    counts = erase(asked.user_id) if asked.step in ("erase", "sweep") and not holds else {}
    return kind(
        request_id=asked.request_id,
        user_id=asked.user_id,
        step=asked.step,
        holds=holds,
        counts={what: count for what, count in counts.items() if count},
    )
