"""Asking every domain for something about one person, and keeping what they answer."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.conf import settings
from django.db.models import F

from domains.identity.models import PrivacyReceipt
from domains.identity.queries.data_requests import receipts_of
from domains.identity.rules import privacy as rules
from kelmah import clock
from kelmah.events.publish import publish
from kelmah.interfaces.identity.events import PersonAsked
from kelmah.interfaces.privacy import Hold, keepers


def ask_domains(*, request_id: UUID, user_id: UUID, step: str) -> None:
    """Ask every deployed domain that keeps something, and note for each that it was asked.

    Inside the caller's transaction, with the request's row locked. Asked again, those that have answered answer again.
    """
    now = clock.now()
    PrivacyReceipt.objects.filter(request_id=request_id, step=step).update(
        state="asked", asked_at=now, answered_at=None, tries=F("tries") + 1
    )
    PrivacyReceipt.objects.bulk_create(
        [
            PrivacyReceipt(request_id=request_id, domain=domain, step=step, asked_at=now)
            for domain in keepers()
            if domain in settings.DOMAINS
        ],
        ignore_conflicts=True,
    )
    publish(PersonAsked(request_id=request_id, user_id=user_id, step=step))


def keep_answer(
    *, request_id: UUID, domain: str, step: str, holds: Sequence[Hold] = (), counts: dict[str, int] | None = None
) -> None:
    """What a domain answered; of an answer that came twice the last counts, and what it did the first time stays."""
    receipt = PrivacyReceipt.objects.filter(request_id=request_id, domain=domain, step=step).first()
    if receipt is None:
        return
    receipt.state = rules.RECEIPT.check("hold" if holds else "do", receipt.state)
    receipt.holds = [{"reason": hold.reason, "count": hold.count} for hold in holds]
    receipt.counts = _greater(receipt.counts, counts or {})
    receipt.answered_at = clock.now()
    receipt.save()


def keep_own(*, request_id: UUID, step: str, counts: dict[str, int]) -> None:
    """Identity's own receipt, beside those of the others."""
    now = clock.now()
    PrivacyReceipt.objects.update_or_create(
        request_id=request_id,
        domain="identity",
        step=step,
        defaults={"state": "done", "counts": counts, "asked_at": now, "answered_at": now},
    )


def silent(request_id: UUID, step: str) -> bool:
    """Whether a domain has not answered yet."""
    return receipts_of(request_id, step=step).filter(state="asked").exists()


def reasons_of(request_id: UUID, step: str, own: Collection[Hold] = ()) -> list[dict[str, object]]:
    """Everything that stands against it, by domain."""
    found = [{"domain": "identity", "reason": hold.reason, "count": hold.count} for hold in own]
    for receipt in receipts_of(request_id, step=step).filter(state="held"):
        found += [{"domain": receipt.domain, **hold} for hold in receipt.holds]
    return found


# Private functions


def _greater(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {what: max(one.get(what, 0), other.get(what, 0)) for what in sorted(one.keys() | other.keys())}
