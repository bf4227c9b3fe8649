"""Protected funds: in once, out once."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domains.payments import queries, rules
from domains.payments.actions.ledger import Line, post
from domains.payments.models import Escrow, FundingRequest
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.events.publish import publish
from kelmah.interfaces.payments.events import EscrowFunded, EscrowFundingFailed, EscrowReleased
from kelmah.money import Money


@dataclass(frozen=True, kw_only=True)
class Funding:
    """A request of contracts to protect the amount of a milestone."""

    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    amount: Money
    fee_plan: str
    request: int


def fund_escrow(funding: Funding) -> None:
    """Move the amount from the hirer's wallet into the milestone's escrow, or say why not; each request once."""
    with atomic("payments"):
        made = FundingRequest.objects.get_or_create(
            milestone_id=funding.milestone_id, request=funding.request, defaults={"outcome": "funded"}
        )
        request, is_new = made
        if not is_new:
            return
        plan = queries.fee_plan_in_force(funding.fee_plan)
        try:
            _move_in(funding)
        except rules.InsufficientFunds as refusal:
            request.outcome = refusal.code
            request.save(update_fields=["outcome"])
            publish(EscrowFundingFailed(**_facts(funding), amount=funding.amount, reason=refusal.code,
                                        request=funding.request))  # fmt: skip
            return
        Escrow.objects.create(
            **_facts(funding),
            amount_minor=funding.amount.minor,
            currency=funding.amount.currency,
            fee_plan=f"{plan.name} v{plan.version}",
            fee_basis_points=plan.basis_points,
            funded_at=clock.now(),
        )
        publish(EscrowFunded(**_facts(funding), amount=funding.amount, request=funding.request))


def release_escrow(*, milestone_id: UUID) -> None:
    """Pay the worker, less the fee frozen at funding; twice is once. Raises NotFound, InvalidTransition."""
    with atomic("payments"):
        escrow = _lock(milestone_id)
        if escrow.state == "released":
            return
        fee, net = rules.fee_split(escrow.amount, escrow.fee_basis_points)
        key = f"escrow:{milestone_id}:settle"
        lines = [
            Line(rules.escrow(milestone_id), -escrow.amount),
            Line(rules.available(escrow.worker_id, escrow.currency), net),
            Line(rules.fee_shard(escrow.currency, key), fee),
        ]
        _settle(escrow, "release", key=key, kind="escrow_release", lines=[line for line in lines if line.amount.minor])
        escrow.fee_minor, escrow.net_minor = fee.minor, net.minor
        escrow.save()
        publish(
            EscrowReleased(
                milestone_id=milestone_id,
                contract_id=escrow.contract_id,
                hirer_id=escrow.hirer_id,
                worker_id=escrow.worker_id,
                title=escrow.title,
                gross=escrow.amount,
                fee=fee,
                net=net,
            )
        )


def refund_escrow(*, milestone_id: UUID) -> None:
    """Give the hirer everything back; excludes a release by the same key. Raises NotFound, InvalidTransition."""
    with atomic("payments"):
        escrow = _lock(milestone_id)
        if escrow.state == "refunded":
            return
        lines = [
            Line(rules.escrow(milestone_id), -escrow.amount),
            Line(rules.available(escrow.hirer_id, escrow.currency), escrow.amount),
        ]
        _settle(escrow, "refund", key=f"escrow:{milestone_id}:settle", kind="escrow_refund", lines=lines)
        escrow.save()


# Private functions


def _lock(milestone_id: UUID) -> Escrow:
    # Release, refund and a second click meet here; behind the lock the settle key excludes them once more.
    escrow = Escrow.objects.select_for_update().filter(milestone_id=milestone_id).first()
    if escrow is None:
        raise NotFound("There is no such escrow.")
    return escrow


def _settle(escrow: Escrow, step: str, *, key: str, kind: str, lines: list[Line]) -> None:
    escrow.state = rules.ESCROW.check(step, escrow.state)
    escrow.settled_at = clock.now()
    post(key=key, kind=kind, lines=lines, reference=_reference(escrow.milestone_id, escrow.title))


def _move_in(funding: Funding) -> None:
    lines = [
        Line(rules.available(funding.hirer_id, funding.amount.currency), -funding.amount),
        Line(rules.escrow(funding.milestone_id), funding.amount),
    ]
    reference = _reference(funding.milestone_id, funding.title)
    post(key=f"escrow:{funding.milestone_id}:fund", kind="escrow_fund", lines=lines, reference=reference)


def _reference(milestone_id: UUID, title: str) -> dict[str, str]:
    return {"milestone_id": str(milestone_id), "title": title}


def _facts(funding: Funding) -> dict[str, Any]:
    return {
        "milestone_id": funding.milestone_id,
        "contract_id": funding.contract_id,
        "hirer_id": funding.hirer_id,
        "worker_id": funding.worker_id,
        "title": funding.title,
    }
