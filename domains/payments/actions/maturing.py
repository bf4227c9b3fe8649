"""What was earned can be spent once its pending period is over."""

from uuid import UUID

from domains.payments import rules
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.settling import reference
from domains.payments.models import EscrowRelease
from kelmah import clock
from kelmah.db import atomic


def mature(*, subject_id: UUID, subject_version: int) -> None:
    """Move one release's net from beside the wallet into it. Twice is once."""
    with atomic("payments"):
        release = EscrowRelease.objects.select_for_update(of=("self",)).select_related("escrow").get(id=subject_id)
        if release.matured_at is not None:
            return
        release.matured_at = clock.now()
        release.save(update_fields=["matured_at"])
        escrow = release.escrow
        lines = [
            Line(rules.pending(escrow.worker_id, escrow.currency), -release.net),
            Line(rules.available(escrow.worker_id, escrow.currency), release.net),
        ]
        key = f"escrow:{escrow.milestone_id}:part:{release.number}:mature"
        post(key=key, kind="escrow_mature", lines=lines, reference=reference(escrow.milestone_id, escrow.hirer_id))
