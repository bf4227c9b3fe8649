"""What staff decide about money is kept with the reason."""

from dataclasses import dataclass
from uuid import UUID

from domains.payments import rules
from domains.payments.models import Decision
from kelmah import clock


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """Who of the staff decides, and why."""

    by: UUID
    reason: str


def keep_ruling(ruling: Ruling, *, kind: str, subject_id: UUID | int) -> None:
    """Inside the transaction that carries it out. Raises ReasonMissing."""
    if not ruling.reason.strip():
        raise rules.ReasonMissing()
    Decision.objects.create(
        kind=kind, subject_id=str(subject_id), by=ruling.by, reason=ruling.reason.strip(), at=clock.now()
    )
