"""Disputes about a milestone: opened by a side, withdrawn by it, or decided by staff; payments follows by events."""

from typing import Any
from uuid import UUID

from domains.contracts import queries, rules
from domains.contracts.actions import clocks
from domains.contracts.models import Dispute, Milestone
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.errors import NotFound
from kelmah.events.publish import publish
from kelmah.interfaces.contracts.events import DisputeOpened, DisputeResolved, DisputeWithdrawn
from kelmah.money import Money
from kelmah.principal import Principal


def open_dispute(*, milestone_id: UUID, by: Principal, expected_version: int | None, reason: str) -> Milestone:
    """One side stops everything: the clock stands still, and payments freezes what is held when it hears of it.

    Raises NotFound, StaleVersion, MilestoneDisputed, InvalidTransition.
    """
    with atomic("contracts"):
        milestone, role = _locked_for(milestone_id, by, expected_version)
        queries.check_undisputed(milestone)
        milestone.state = rules.MILESTONE.check("dispute", milestone.state)
        dispute = Dispute.objects.create(
            milestone=milestone,
            opened_by=by.user_id,
            reason=reason,
            review_left=clocks.stop(milestone),
            opened_at=clock.now(),
        )
        milestone.save_change("auto_approve_at")
        publish(DisputeOpened(**_facts(dispute), role=role))
    return milestone


def withdraw_dispute(*, milestone_id: UUID, by: Principal, expected_version: int | None) -> Milestone:
    """Whoever opened it takes it back: the clock goes on with what it had left.

    Raises NotFound, StaleVersion, NotDisputed, NotTheOpener.
    """
    with atomic("contracts"):
        milestone, role = _locked_for(milestone_id, by, expected_version)
        dispute = milestone.disputes.filter(state="open").first()
        if dispute is None:
            raise rules.NotDisputed()
        if dispute.opened_by != by.user_id:
            raise rules.NotTheOpener()
        _end(dispute, "withdraw")
        dispute.save_change("state", "ended_at")
        if dispute.review_left is not None:
            clocks.start(milestone, until=clock.now() + dispute.review_left)
        milestone.save_change("auto_approve_at")
        publish(DisputeWithdrawn(**_facts(dispute), role=role))
    return milestone


def decide_dispute(*, dispute_id: UUID, to_worker: Money, by: UUID, reason: str) -> Dispute:
    """Staff gives the worker so much of what is held, less the fee, and the hirer the rest; payments carries it out.

    Raises NotFound, InvalidTransition, AwardTooLarge, RulingWithoutReason, NotYoursToJudge.
    """
    if not reason.strip():
        raise rules.RulingWithoutReason()
    with atomic("contracts"):
        dispute = queries.lock_dispute(dispute_id)
        milestone = dispute.milestone
        if queries.role_of(milestone.contract, by) is not None:
            raise rules.NotYoursToJudge()
        if not 0 <= to_worker.minor <= milestone.amount_minor - milestone.paid_minor:
            raise rules.AwardTooLarge()
        _end(dispute, "decide")
        dispute.to_worker_minor, dispute.decided_by, dispute.ruling = to_worker.minor, by, reason.strip()
        dispute.save_change("state", "ended_at", "to_worker_minor", "decided_by", "ruling")
        milestone.save_change("auto_approve_at")  # a new version: what its sides see of it has changed
        publish(DisputeResolved(**_facts(dispute), to_worker=to_worker))
    return dispute


def overtake_dispute(milestone: Milestone) -> None:
    """The money is gone before it could be frozen: nothing is left to decide. The milestone's row is locked."""
    dispute = milestone.disputes.filter(state="open").first()
    if dispute is not None:
        _end(dispute, "overtake")
        dispute.save_change("state", "ended_at")


# Private functions


def _locked_for(milestone_id: UUID, by: Principal, expected_version: int | None) -> tuple[Milestone, str]:
    milestone = queries.lock_milestone(milestone_id)  # the clock, or the hirer, may be approving at this very moment
    role = queries.role_of(milestone.contract, by.user_id)
    if role is None:
        raise NotFound("You have no such milestone.")
    check_version(milestone, expected_version)
    return milestone, role


def _end(dispute: Dispute, step: str) -> None:
    dispute.state, dispute.ended_at = rules.DISPUTE.check(step, dispute.state), clock.now()


def _facts(dispute: Dispute) -> dict[str, Any]:
    contract = dispute.milestone.contract
    return {
        "dispute_id": dispute.id,
        "milestone_id": dispute.milestone_id,
        "contract_id": contract.id,
        "hirer_id": contract.hirer_id,
        "worker_id": contract.worker_id,
        "title": dispute.milestone.title,
    }
