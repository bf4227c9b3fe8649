"""Protected funds: in once, out once."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domains.payments import queries, rules
from domains.payments.actions import freezing, settling
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.turns import take_turn
from domains.payments.models import Escrow, FundingRequest
from domains.payments.queries import protected, refunds
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import InvalidInput
from kelmah.events.publish import publish
from kelmah.interfaces.payments.events import EscrowFunded, EscrowFundingFailed
from kelmah.money import Money


@dataclass(frozen=True, kw_only=True)
class Funding:
    """A request of contracts to protect the amount of a milestone.

    ``own_clock``: silence is counted where the work is kept, so no review runs here.
    """

    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    amount: Money
    fee_plan: str
    request: int
    own_clock: bool = False


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


def protect(
    *,
    milestone_id: UUID,
    contract_id: UUID,
    hirer_id: UUID,
    worker_id: UUID,
    title: str,
    amount: Money,
    fee_plan: str,
    week: date | None = None,
    own_clock: bool = False,
) -> Escrow:
    """Move the amount from the hirer's wallet into an escrow under the plan in force now, inside a transaction.

    Raises InsufficientFunds (also of what is owed), NotFound (there is no such plan).
    """
    refunds.check_spendable(hirer_id, amount)
    plan = queries.fee_plan_in_force(fee_plan)
    lines = [
        Line(rules.available(hirer_id, amount.currency), -amount),
        Line(rules.escrow(milestone_id), amount),
    ]
    reference = settling.reference(milestone_id, worker_id)
    post(key=rules.funded(milestone_id), kind="escrow_fund", lines=lines, reference=reference)
    return Escrow.objects.create(
        milestone_id=milestone_id,
        contract_id=contract_id,
        hirer_id=hirer_id,
        worker_id=worker_id,
        title=title,
        week=week,
        amount_minor=amount.minor,
        currency=amount.currency,
        fee_plan=f"{plan.name} v{plan.version}",
        fee_basis_points=plan.basis_points,
        review_hours=None if own_clock else plan.review_hours,
        pending_hours=plan.pending_hours,
        funded_at=clock.now(),
    )


def release_escrow(*, milestone_id: UUID) -> None:
    """Pay the worker all that is held, less the fee frozen at funding; twice is once.

    While a bank wants the money back it waits for the end of that, and is paid then. Raises NotFound: not funded yet,
    and then it must be tried again. Raises InvalidTransition, also while disputed.
    """
    with atomic("payments"):
        escrow = queries.lock_escrow(milestone_id)  # release, refund, the clock and a second click meet here
        if escrow.state == "released":
            return
        rules.ESCROW.check("release", escrow.state)
        if protected.is_frozen(escrow):
            freezing.put_off(escrow)
        else:
            settling.settle(escrow, to_worker=escrow.held)


def release_approved(*, milestone_id: UUID) -> None:
    """The work was approved, by the hirer or by the clock of contracts: pay the worker all that is held.

    Settled in another way meanwhile, it stays so: contracts has heard, or will hear, which. While a bank wants the
    money back it waits for the end of that. Raises NotFound, and InvalidTransition while disputed: then it must be
    tried again.
    """
    with atomic("payments"):
        if queries.lock_escrow(milestone_id).settled_at is None:
            release_escrow(milestone_id=milestone_id)


def refund_escrow(*, milestone_id: UUID, ruling: Ruling) -> None:
    """Staff gives the hirer all that is held; excludes a release.

    Raises NotFound, InvalidTransition, ReasonMissing, NotYoursToJudge.
    """
    with atomic("payments"):
        escrow = queries.lock_escrow(milestone_id)
        if escrow.state == "refunded":
            return
        sides = (escrow.hirer_id, escrow.worker_id)
        keep_ruling(ruling, kind="escrow.refund", subject_id=milestone_id, about=sides)
        settling.settle(escrow, to_worker=Money(0, escrow.currency))


def settle_escrow(*, milestone_id: UUID, to_worker: Money) -> Escrow:
    """What both sides agreed on: so much of what is held to the worker, less the fee, the rest to the hirer.

    The same twice is once. Raises NotFound, MoreThanHeld, FundsFrozen, InvalidTransition (settled otherwise, or
    disputed), InvalidInput (another currency, or less than nothing).
    """
    with atomic("payments"):
        escrow = queries.lock_escrow(milestone_id)
        if not protected.is_settled_so(escrow, to_worker):
            settling.settle(escrow, to_worker=to_worker)
    return escrow


def release_part(*, milestone_id: UUID, number: int, amount: Money) -> Escrow:
    """Part ``number`` (from 1) of the protected funds goes to the worker, less its share of the fee; twice is once.

    Raises NotFound, PartTooLarge, PartNumberTaken, FundsFrozen, InvalidTransition, InvalidInput (number 0 is the
    settlement's, and a part is something).
    """
    if number < 1 or amount.minor < 1:
        raise InvalidInput("Parts count from 1, and each is more than nothing.")
    with atomic("payments"):
        escrow = queries.lock_escrow(milestone_id)  # two parts at once must not both take the same money
        known = escrow.releases.filter(number=number).first()
        if known is None:
            settling.release_numbered(escrow, number=number, gross=amount)
        elif Money(known.gross_minor, escrow.currency) != amount:
            raise rules.PartNumberTaken()
    return escrow


# Private functions


def _fund(funding: Funding) -> str:
    """Why it was not funded; empty when it was, now or by an earlier request."""
    take_turn(f"escrow:{funding.milestone_id}")  # another request for the same milestone must not find nothing, too
    there = Escrow.objects.filter(milestone_id=funding.milestone_id).first()
    if there is not None:
        return "" if there.state == "funded" and there.amount == funding.amount else "already_funded"
    try:
        protect(fee_plan=funding.fee_plan, own_clock=funding.own_clock, **_facts(funding))
    except rules.InsufficientFunds as refusal:
        return refusal.code
    return ""


def _facts(funding: Funding) -> dict[str, Any]:
    return {
        "milestone_id": funding.milestone_id,
        "contract_id": funding.contract_id,
        "hirer_id": funding.hirer_id,
        "worker_id": funding.worker_id,
        "title": funding.title,
        "amount": funding.amount,
    }
