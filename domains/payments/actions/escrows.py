"""Protected funds: in once, out once."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domains.payments import queries, rules
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.actions.ledger import Line, post
from domains.payments.models import Escrow, FundingRequest
from kelmah import clock
from kelmah.db import atomic
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
        request, is_new = FundingRequest.objects.get_or_create(
            milestone_id=funding.milestone_id, request=funding.request, defaults={"outcome": "funded"}
        )
        if not is_new:
            return
        refusal = _fund(funding)
        if refusal:
            request.outcome = refusal
            request.save(update_fields=["outcome"])
            publish(EscrowFundingFailed(**_facts(funding), reason=refusal, request=funding.request))
        else:
            publish(EscrowFunded(**_facts(funding), request=funding.request))


def release_escrow(*, milestone_id: UUID) -> None:
    """Pay the worker, less the fee frozen at funding; twice is once.

    Raises NotFound: not funded yet, and then it must be tried again. Raises InvalidTransition.
    """
    with atomic("payments"):
        escrow = queries.lock_escrow(milestone_id)  # release, refund and a second click meet here
        if escrow.state == "released":
            return
        fee, net = rules.fee_split(escrow.amount, escrow.fee_basis_points)
        to = [
            Line(rules.available(escrow.worker_id, escrow.currency), net),
            Line(rules.fee_shard(escrow.currency, _settle_key(escrow)), fee),
        ]
        escrow.fee_minor, escrow.net_minor = fee.minor, net.minor
        _settle(escrow, "release", to=[line for line in to if line.amount.minor], counterparty=escrow.hirer_id)
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


def refund_escrow(*, milestone_id: UUID, ruling: Ruling) -> None:
    """Staff gives the hirer everything back; excludes a release. Raises NotFound, InvalidTransition, ReasonMissing."""
    with atomic("payments"):
        escrow = queries.lock_escrow(milestone_id)
        if escrow.state == "refunded":
            return
        keep_ruling(ruling, kind="escrow.refund", subject_id=milestone_id)
        to = [Line(rules.available(escrow.hirer_id, escrow.currency), escrow.amount)]
        _settle(escrow, "refund", to=to, counterparty=escrow.worker_id)


# Private functions


def _fund(funding: Funding) -> str:
    """Why it was not funded; empty when it was, now or by an earlier request."""
    there = Escrow.objects.filter(milestone_id=funding.milestone_id).first()
    if there is not None:
        return "" if there.state == "funded" and there.amount == funding.amount else "already_funded"
    plan = queries.fee_plan_in_force(funding.fee_plan)
    lines = [
        Line(rules.available(funding.hirer_id, funding.amount.currency), -funding.amount),
        Line(rules.escrow(funding.milestone_id), funding.amount),
    ]
    reference = _reference(funding.milestone_id, counterparty=funding.worker_id)
    try:
        post(key=f"escrow:{funding.milestone_id}:fund", kind="escrow_fund", lines=lines, reference=reference)
    except rules.InsufficientFunds as refusal:
        return refusal.code
    Escrow.objects.create(
        milestone_id=funding.milestone_id,
        contract_id=funding.contract_id,
        hirer_id=funding.hirer_id,
        worker_id=funding.worker_id,
        title=funding.title,
        amount_minor=funding.amount.minor,
        currency=funding.amount.currency,
        fee_plan=f"{plan.name} v{plan.version}",
        fee_basis_points=plan.basis_points,
        funded_at=clock.now(),
    )
    return ""


def _settle(escrow: Escrow, step: str, *, to: list[Line], counterparty: UUID) -> None:
    # Behind the row lock the key excludes release and refund once more: one settlement per milestone, for ever.
    escrow.state = rules.ESCROW.check(step, escrow.state)
    escrow.settled_at = clock.now()
    lines = [Line(rules.escrow(escrow.milestone_id), -escrow.amount), *to]
    reference = _reference(escrow.milestone_id, counterparty=counterparty)
    post(key=_settle_key(escrow), kind=f"escrow_{step}", lines=lines, reference=reference)
    escrow.save_change("state", "settled_at", "fee_minor", "net_minor")


def _settle_key(escrow: Escrow) -> str:
    return f"escrow:{escrow.milestone_id}:settle"


def _reference(milestone_id: UUID, *, counterparty: UUID) -> dict[str, str]:
    """Ids only: the ledger is for ever, and words of people are not."""
    return {"milestone_id": str(milestone_id), "counterparty_id": str(counterparty)}


def _facts(funding: Funding) -> dict[str, Any]:
    return {
        "milestone_id": funding.milestone_id,
        "contract_id": funding.contract_id,
        "hirer_id": funding.hirer_id,
        "worker_id": funding.worker_id,
        "title": funding.title,
        "amount": funding.amount,
    }
