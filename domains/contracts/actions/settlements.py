"""What payments says became of the money; contracts follows, whatever it had decided itself."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domains.contracts import queries, rules
from domains.contracts.actions import clocks
from domains.contracts.actions.contracts import tell_of_end
from domains.contracts.actions.disputes import overtake_dispute
from domains.contracts.models import Contract, Milestone, PartPayment, SettledWeek
from kelmah import clock
from kelmah.db import atomic
from kelmah.money import Money


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """Where all the money of a milestone or week went: to the worker less the fee, and back to the hirer."""

    fee: Money
    net: Money
    refunded: Money

    @property
    def paid(self) -> Money:
        return self.fee + self.net


def mark_part_paid(*, milestone_id: UUID, number: int, fee: Money, net: Money) -> None:
    """A part was paid, the rest is still protected; nothing else changes. Hearing it twice changes nothing."""
    with atomic("contracts"):
        milestone = queries.lock_milestone(milestone_id)
        amounts = {"gross_minor": (fee + net).minor, "fee_minor": fee.minor, "net_minor": net.minor}
        _, is_new = PartPayment.objects.get_or_create(
            milestone=milestone, number=number, defaults={**amounts, "paid_at": clock.now()}
        )
        if is_new and milestone.state not in rules.SETTLED:  # a settlement counts its parts in
            milestone.paid_minor += (fee + net).minor
            milestone.fee_minor = (milestone.fee_minor or 0) + fee.minor
            milestone.net_minor = (milestone.net_minor or 0) + net.minor
            milestone.save_change("paid_minor", "fee_minor", "net_minor")


def mark_settled(*, milestone_id: UUID, contract_id: UUID, settlement: Settlement) -> None:
    """Nothing of the milestone is protected any more: it is released, refunded or split, and its clock stops.

    With the last milestone the contract is over: completed when anything was paid. Hearing it twice changes nothing.
    """
    with atomic("contracts"):
        # The contract first: of two last milestones settled at once, one must see that it is the last.
        contract = queries.lock_contract(contract_id)
        milestone = queries.lock_milestone(milestone_id)  # the clock or the hirer may be approving at this very moment
        if milestone.state in rules.SETTLED:
            return
        clocks.stop(milestone)
        overtake_dispute(milestone)
        _keep(milestone, settlement)
        if not contract.milestones.exclude(state__in=rules.SETTLED).exists():
            _end(contract)


def mark_released(*, milestone_id: UUID, contract_id: UUID, fee: Money, net: Money) -> None:
    """The worker is paid all of the milestone, less the fee. Hearing it twice changes nothing."""
    settlement = Settlement(fee=fee, net=net, refunded=Money(0, fee.currency))
    mark_settled(milestone_id=milestone_id, contract_id=contract_id, settlement=settlement)


def mark_week_settled(*, week_id: UUID, contract_id: UUID, monday: date, settlement: Settlement) -> None:
    """A week of hourly work was paid, refunded or split: the contract's totals count it, once. Raises NotFound."""
    with atomic("contracts"):
        contract = queries.lock_contract(contract_id)
        SettledWeek.objects.get_or_create(
            id=week_id,
            defaults={
                "contract": contract,
                "monday": monday,
                "paid_minor": settlement.paid.minor,
                "fee_minor": settlement.fee.minor,
                "net_minor": settlement.net.minor,
                "refunded_minor": settlement.refunded.minor,
                "settled_at": clock.now(),
            },
        )


# Private functions


def _keep(milestone: Milestone, settlement: Settlement) -> None:
    paid, refunded = settlement.paid, settlement.refunded
    milestone.state = rules.MILESTONE.check(rules.settling_step(paid=paid, refunded=refunded), milestone.state)
    milestone.paid_minor, milestone.refunded_minor = paid.minor, refunded.minor
    if paid.minor:
        milestone.fee_minor, milestone.net_minor = settlement.fee.minor, settlement.net.minor
        milestone.released_at = clock.now()
    if refunded.minor:
        milestone.refunded_at = clock.now()
    milestone.save_change(
        *("state", "paid_minor", "refunded_minor", "fee_minor", "net_minor"),
        *("released_at", "refunded_at", "auto_approve_at"),
    )


def _end(contract: Contract) -> None:
    paid, _ = queries.totals_of(contract)
    step = "complete" if paid.minor else "unwind"
    contract.state, contract.ended_at = rules.CONTRACT.check(step, contract.state), clock.now()
    contract.save_change("state", "ended_at")
    tell_of_end(contract, paid=paid)
