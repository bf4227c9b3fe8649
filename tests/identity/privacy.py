"""Answers of other domains, as they would come by event."""

from uuid import UUID

from domains.identity import tasks
from domains.identity.actions import erasures
from domains.identity.models import Erasure
from kelmah import clock
from kelmah.interfaces.privacy import Answered, Hold, keepers


def answer_all(erasure: Erasure, step: str, *, but: str = "", holds: list[Hold] | None = None) -> None:
    """Every domain answers; ``but`` names the one that something stands against."""
    for domain in keepers():
        answer(erasure, step, domain, holds=holds if domain == but else None)


def answer(
    erasure: Erasure, step: str, domain: str, *, holds: list[Hold] | None = None, counts: dict[str, int] | None = None
) -> None:
    erasures.record_answer(
        domain=domain,
        answer=Answered(
            request_id=erasure.id, user_id=erasure.user_id, step=step, holds=holds or [], counts=counts or {"rows": 2}
        ),
    )


def asked_for(user_id: UUID) -> Erasure:
    return erasures.request_erasure(user_id=user_id)


def checked(erasure: Erasure) -> Erasure:
    """Fourteen days later, when the domains are asked whether anything stands against it."""
    clock.advance(days=14)
    tasks.run_privacy()
    erasure.refresh_from_db()
    return erasure


def erased(user_id: UUID) -> Erasure:
    """All the way, with nothing against it."""
    erasure = checked(asked_for(user_id))
    for step in ("check", "erase", "sweep"):
        answer_all(erasure, step)
    tasks.finish_erasure(str(erasure.id))
    erasure.refresh_from_db()
    return erasure
