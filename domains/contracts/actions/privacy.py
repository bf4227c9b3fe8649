"""What contracts gives back to somebody, and how it forgets them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Q

from domains.contracts.models import (
    Contract,
    Deliverable,
    Dispute,
    Milestone,
    PartPayment,
    SettledWeek,
    Signature,
    Submission,
)
from domains.contracts.queries import contracts_of
from kelmah.db import atomic
from kelmah.events.publish import enqueue, publish
from kelmah.interfaces.contracts.events import PersonAnswered
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.privacy import ERASED, Asked, Hold
from kelmah.privacy import answered, forget_traces, hand_over, records_of


def answer(asked: Asked) -> None:
    """Check or erase now, copy by a task."""
    with atomic("contracts"):
        if asked.step == "export":
            enqueue("contracts.export_person", request_id=str(asked.request_id), user_id=str(asked.user_id))
        else:
            publish(answered(PersonAnswered, asked, holds_on=holds_on, erase=_erase))


def export_person(*, request_id: UUID, user_id: UUID) -> None:
    """Bring everything to files. Again is safe. Raises Unavailable."""
    counts = hand_over(
        _sections(user_id), domain="contracts", request_id=request_id, user_id=user_id, keep=files.keep_export_part
    )
    with atomic("contracts"):
        publish(PersonAnswered(request_id=request_id, user_id=user_id, step="export", holds=[], counts=counts))


def holds_on(user_id: UUID) -> list[Hold]:
    """Contracts that are not over: the other side counts on them. Locked, so that none ends or begins meanwhile."""
    going_on = contracts_of(user_id).filter(ended_at__isnull=True).select_for_update()
    return [Hold(reason="open_contracts", count=len(going_on.values_list("id")))]


# Private functions


def _sections(user_id: UUID) -> dict[str, Iterator[dict[str, Any]]]:
    mine = contracts_of(user_id).order_by("created_at")
    milestones = Milestone.objects.filter(contract__in=mine).order_by("contract_id", "position")
    submissions = Submission.objects.filter(milestone__in=milestones).order_by("submitted_at")
    return {
        "contracts": records_of(mine),
        "signatures": records_of(Signature.objects.filter(user_id=user_id)),  # the other side's name is theirs
        "milestones": records_of(milestones),
        "parts": records_of(PartPayment.objects.filter(milestone__in=milestones).order_by("paid_at")),
        "disputes": records_of(Dispute.objects.filter(milestone__in=milestones).order_by("opened_at")),
        "weeks": records_of(SettledWeek.objects.filter(contract__in=mine).order_by("monday")),
        "submissions": records_of(submissions),
        "deliverables": records_of(Deliverable.objects.filter(submission__in=submissions)),
    }


def _erase(user_id: UUID) -> dict[str, int]:
    """The words of somebody go: a hirer's are the terms, a worker's the notes on the work."""
    as_hirer, as_worker = Q(hirer_id=user_id), Q(worker_id=user_id)
    theirs = Milestone.objects.filter(contract__in=Contract.objects.filter(as_hirer))
    handed_in = Submission.objects.filter(milestone__contract__in=Contract.objects.filter(as_worker))
    answered_by_them = Submission.objects.filter(milestone__in=theirs)
    return {
        "contracts": Contract.objects.filter(as_hirer).exclude(text=ERASED).update(title=ERASED, text=ERASED),
        "milestones": theirs.exclude(title=ERASED).update(title=ERASED, description=""),
        "signatures": Signature.objects.filter(user_id=user_id)
        .exclude(legal_name=ERASED)
        .update(legal_name=ERASED, address=None, user_agent=""),
        "submissions": handed_in.exclude(note="").update(note=""),
        "answers": answered_by_them.exclude(changes_note="").update(changes_note=ERASED),
        "deliverables": Deliverable.objects.filter(submission__in=handed_in).exclude(name=ERASED).update(name=ERASED),
        "disputes": Dispute.objects.filter(opened_by=user_id).exclude(reason=ERASED).update(reason=ERASED),
        "traces": forget_traces("contracts", user_id),
    }
