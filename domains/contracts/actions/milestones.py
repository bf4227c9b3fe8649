"""Work handed in, sent back and accepted."""

from collections.abc import Sequence
from uuid import UUID

from domains.contracts import queries, rules
from domains.contracts.actions import clocks
from domains.contracts.models import Deliverable, Milestone, Submission
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.events.publish import publish
from kelmah.interfaces.contracts.events import MilestoneApproved, MilestoneChangesRequested, MilestoneSubmitted
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.files.types import FileInfo
from kelmah.principal import Principal


def start_milestone(*, milestone_id: UUID, by: Principal, expected_version: int | None) -> Milestone:
    """The worker says that work has begun.

    Raises NotFound, NotTheWorker, StaleVersion, MilestoneDisputed, InvalidTransition.
    """
    with atomic("contracts"):
        milestone = _locked_for(milestone_id, by, "worker", expected_version)
        milestone.state = rules.MILESTONE.check("start", milestone.state)
        milestone.save_change("state")
    return milestone


def submit_milestone(
    *, milestone_id: UUID, by: Principal, expected_version: int | None, note: str, file_ids: Sequence[UUID]
) -> Milestone:
    """The worker hands in work; from now 14 days of silence accept it.

    The files are shared with the hirer first: that call can't happen inside the transaction, and a file shared without
    a submission does no harm. Raises NotFound, NotTheWorker, StaleVersion, MilestoneDisputed, InvalidTransition,
    FileNotAttachable.
    """
    seen = queries.access_milestone(milestone_id=milestone_id, by=by)
    queries.check_party(seen.contract, by, role="worker")
    rules.MILESTONE.check("submit", seen.state)
    shared: list[FileInfo] = []
    if file_ids:
        shared = files.share(
            ids=list(file_ids),
            owner_id=by.user_id,
            reader_ids=[seen.contract.hirer_id],
            context=f"milestone:{milestone_id}",
        )
    with atomic("contracts"):
        milestone = _locked_for(milestone_id, by, "worker", expected_version)
        milestone.state = rules.MILESTONE.check("submit", milestone.state)
        milestone.submitted_at = clock.now()
        due_at = milestone.submitted_at + rules.AUTO_APPROVAL
        clocks.start(milestone, until=due_at)
        milestone.save_change("state", "submitted_at", "auto_approve_at")
        _record_submission(milestone, note=note, shared=shared)
        publish(
            MilestoneSubmitted(
                milestone_id=milestone.id,
                contract_id=milestone.contract_id,
                hirer_id=milestone.contract.hirer_id,
                worker_id=milestone.contract.worker_id,
                title=milestone.title,
                auto_approve_at=due_at,
            )
        )
    return milestone


def request_changes(*, milestone_id: UUID, by: Principal, expected_version: int | None, note: str) -> Milestone:
    """The hirer sends the work back.

    Raises NotFound, NotTheHirer, StaleVersion, MilestoneDisputed, InvalidTransition.
    """
    with atomic("contracts"):
        milestone = _locked_for(milestone_id, by, "hirer", expected_version)
        milestone.state = rules.MILESTONE.check("request_changes", milestone.state)
        milestone.revisions += 1
        clocks.stop(milestone)
        milestone.save_change("state", "revisions", "auto_approve_at")
        milestone.submissions.filter(number=milestone.revisions).update(
            changes_note=note, changes_requested_at=clock.now()
        )
        publish(
            MilestoneChangesRequested(
                milestone_id=milestone.id,
                contract_id=milestone.contract_id,
                hirer_id=milestone.contract.hirer_id,
                worker_id=milestone.contract.worker_id,
                title=milestone.title,
                note=note,
            )
        )
    return milestone


def approve_milestone(*, milestone_id: UUID, by: Principal, expected_version: int | None) -> Milestone:
    """The hirer accepts the work; payments releases the escrow when it hears of it.

    Raises NotFound, NotTheHirer, StaleVersion, MilestoneDisputed, InvalidTransition.
    """
    with atomic("contracts"):
        milestone = _locked_for(milestone_id, by, "hirer", expected_version)
        clocks.stop(milestone)
        _approve(milestone, step="approve", by="hirer")
    return milestone


def auto_approve_milestone(*, subject_id: UUID, subject_version: int) -> None:
    """Silence accepts the ``subject_version``th submission. Nothing when its clock was stopped, moved, or is older."""
    with atomic("contracts"):
        milestone = queries.lock_milestone(subject_id)  # changes or a dispute may commit at this very moment
        due_at = milestone.auto_approve_at
        if due_at is not None and due_at <= clock.now() and milestone.revisions + 1 == subject_version:
            milestone.auto_approve_at = None  # the deadline itself is marked by whoever runs it
            _approve(milestone, step="auto_approve", by="clock")


# Private functions


def _locked_for(milestone_id: UUID, by: Principal, role: str, expected_version: int | None) -> Milestone:
    # Every step locks the milestone's row first: approval, changes, a deadline and a second click exclude each other.
    milestone = queries.lock_milestone(milestone_id)
    queries.check_party(milestone.contract, by, role=role)
    check_version(milestone, expected_version)
    queries.check_undisputed(milestone)
    return milestone


def _record_submission(milestone: Milestone, *, note: str, shared: Sequence[FileInfo]) -> None:
    submission = Submission.objects.create(
        milestone=milestone, number=milestone.revisions + 1, note=note, submitted_at=clock.now()
    )
    Deliverable.objects.bulk_create(
        Deliverable(
            submission=submission,
            file_id=info.file_id,
            name=info.name,
            content_type=info.content_type,
            size=info.size,
            sha256=info.sha256,
        )
        for info in shared
    )


def _approve(milestone: Milestone, *, step: str, by: str) -> None:
    milestone.state = rules.MILESTONE.check(step, milestone.state)
    milestone.approved_at, milestone.approved_by = clock.now(), by
    milestone.save_change("state", "approved_at", "approved_by", "auto_approve_at")
    publish(
        MilestoneApproved(
            milestone_id=milestone.id,
            contract_id=milestone.contract_id,
            hirer_id=milestone.contract.hirer_id,
            worker_id=milestone.contract.worker_id,
            title=milestone.title,
            amount=milestone.amount,
            by=by,
        )
    )
