"""Reads of contracts."""

from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from domains.contracts import rules
from domains.contracts.models import Contract, Dispute, Milestone, SettledWeek, Submission
from kelmah.errors import NotFound
from kelmah.money import Money
from kelmah.principal import Principal

_SUBMISSIONS = Prefetch("submissions", queryset=Submission.objects.order_by("-number").prefetch_related("deliverables"))


def contracts_of(user_id: UUID) -> QuerySet[Contract]:
    """Contracts in which the user is a side."""
    return Contract.objects.filter(Q(hirer_id=user_id) | Q(worker_id=user_id))


def with_details(contracts: QuerySet[Contract]) -> QuerySet[Contract]:
    """The same contracts, with signatures, milestones and weeks read along in a fixed number of queries."""
    in_order = Milestone.objects.order_by("position").prefetch_related(_SUBMISSIONS, "disputes")
    milestones = Prefetch("milestones", queryset=in_order)
    return contracts.prefetch_related("signatures", milestones, "weeks")


def totals_of(contract: Contract) -> tuple[Money, Money]:
    """What of the contract's money went to the worker, fees included, and what back to the hirer, until now."""
    settled: list[Milestone | SettledWeek] = [*contract.milestones.all(), *contract.weeks.all()]
    paid, refunded = sum(each.paid_minor for each in settled), sum(each.refunded_minor for each in settled)
    return Money(paid, contract.currency), Money(refunded, contract.currency)


def access_contract(*, contract_id: UUID, by: Principal) -> Contract:
    """The contract with its details, for one of its sides. Raises NotFound to everybody else."""
    contract = with_details(contracts_of(by.user_id)).filter(id=contract_id).first()
    if contract is None:
        raise NotFound("You have no such contract.", data={"retry_after": 1})
    return contract


def access_milestone(*, milestone_id: UUID, by: Principal) -> Milestone:
    """The milestone with its contract and submissions, for one of the contract's sides. Raises NotFound."""
    milestone = (
        Milestone.objects.select_related("contract")
        .prefetch_related(_SUBMISSIONS, "disputes")
        .filter(id=milestone_id)
        .first()
    )
    if milestone is None or role_of(milestone.contract, by.user_id) is None:
        raise NotFound("You have no such milestone.")
    return milestone


def lock_contract(contract_id: UUID) -> Contract:
    """The contract's row, locked until the transaction ends. Raises NotFound."""
    contract = Contract.objects.select_for_update().filter(id=contract_id).first()
    if contract is None:
        raise NotFound("There is no such contract.")
    return contract


def lock_milestone(milestone_id: UUID) -> Milestone:
    """The milestone's row, locked until the transaction ends, with its contract read along. Raises NotFound."""
    milestone = (
        Milestone.objects.select_related("contract").select_for_update(of=("self",)).filter(id=milestone_id).first()
    )
    if milestone is None:
        raise NotFound("There is no such milestone.")
    return milestone


def lock_dispute(dispute_id: UUID) -> Dispute:
    """The dispute with its milestone's row, both locked until the transaction ends. Raises NotFound."""
    found = Dispute.objects.filter(id=dispute_id)
    known = found.first()
    if known is None:
        raise NotFound("There is no such dispute.")
    milestone = lock_milestone(known.milestone_id)  # first, as everywhere
    dispute = found.select_for_update().get()  # read again: it may have ended while we waited
    dispute.milestone = milestone
    return dispute


def check_undisputed(milestone: Milestone) -> None:
    """Raises MilestoneDisputed. The milestone's row is locked."""
    if milestone.disputes.filter(state__in=rules.DISPUTED).exists():
        raise rules.MilestoneDisputed()


def role_of(contract: Contract, user_id: UUID) -> str | None:
    """``hirer``, ``worker``, or None."""
    return rules.role_in(hirer_id=contract.hirer_id, worker_id=contract.worker_id, user_id=user_id)


def check_party(contract: Contract, by: Principal, *, role: str) -> None:
    """Raises NotFound to strangers, NotTheHirer or NotTheWorker to the other side."""
    actual = role_of(contract, by.user_id)
    if actual is None:
        raise NotFound("You have no such contract.")
    rules.check_role(actual, role)
