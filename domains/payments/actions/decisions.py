"""What staff decide about money is kept with the reason."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from domains.payments import rules
from domains.payments.models import Decision
from domains.payments.rules.errors import NotYoursToJudge
from kelmah import clock


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """Who of the staff decides, and why."""

    by: UUID
    reason: str


def keep_ruling(ruling: Ruling, *, kind: str, subject_id: UUID | int, about: Collection[UUID | None] = ()) -> None:
    """Inside the transaction that carries it out. ``about``: whose money it is about.

    Raises ReasonMissing, NotYoursToJudge.
    """
    check_not_theirs(ruling.by, about)
    if not ruling.reason.strip():
        raise rules.ReasonMissing()
    Decision.objects.create(
        kind=kind, subject_id=str(subject_id), by=ruling.by, reason=ruling.reason.strip(), at=clock.now()
    )


def check_not_theirs(by: UUID, people: Collection[UUID | None]) -> None:
    """That whoever decides is none of those whose money it is. Raises NotYoursToJudge."""
    if by in people:
        raise NotYoursToJudge()
