"""Asking payments to fund a milestone, and hearing what came of it."""

from uuid import UUID

from domains.contracts import queries, rules
from domains.contracts.models import Milestone
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.errors import Unprocessable
from kelmah.events.publish import publish
from kelmah.interfaces.contracts.events import MilestoneFundingRequested
from kelmah.interfaces.payments.calls import payments
from kelmah.principal import Principal


class InsufficientFunds(Unprocessable):
    code, title = "insufficient_funds", "There is not enough money in the wallet: deposit first"


def request_funding(*, milestone_id: UUID, by: Principal, expected_version: int | None) -> Milestone:
    """The hirer asks payments to protect the milestone's amount; ``EscrowFunded`` or ``EscrowFundingFailed`` answers.

    The wallet is asked first, so that too little money is refused at once; whether the money is still there when
    payments acts is payments' own decision, under its lock. Raises NotFound, NotTheHirer, InvalidTransition,
    StaleVersion, ContractNotActive, InsufficientFunds.
    """
    seen = queries.access_milestone(milestone_id=milestone_id, by=by)
    queries.check_party(seen.contract, by, role="hirer")
    rules.MILESTONE.check("fund", seen.state)
    wallet = payments.wallet_of(user_id=by.user_id, currency=seen.currency)
    if wallet.available < seen.amount:
        missing = seen.amount - wallet.available
        raise InsufficientFunds(
            f"The milestone costs {seen.amount}; {missing} more is needed in your wallet.",
            data={"available": wallet.available.as_json(), "missing": missing.as_json()},
        )
    with atomic("contracts"):
        milestone = queries.lock_milestone(milestone_id)  # two requests must not both go out
        check_version(milestone, expected_version)
        if milestone.contract.state != "active":
            raise rules.ContractNotActive()
        milestone.state = rules.MILESTONE.check("fund", milestone.state)
        milestone.funding_request += 1
        milestone.funding_error = ""
        milestone.save_change("state", "funding_request", "funding_error")
        publish(
            MilestoneFundingRequested(
                milestone_id=milestone.id,
                contract_id=milestone.contract_id,
                hirer_id=milestone.contract.hirer_id,
                worker_id=milestone.contract.worker_id,
                title=milestone.title,
                amount=milestone.amount,
                fee_plan=milestone.contract.fee_plan,
                request=milestone.funding_request,
            )
        )
    return milestone


def mark_funded(*, milestone_id: UUID, request: int) -> None:
    """The money is protected: work may begin. A repeated or outdated answer changes nothing."""
    with atomic("contracts"):
        milestone = queries.lock_milestone(milestone_id)
        if milestone.state != "awaiting_funds" or milestone.funding_request != request:
            return
        milestone.state = rules.MILESTONE.check("funding_succeeded", milestone.state)
        milestone.funded_at = clock.now()
        milestone.save_change("state", "funded_at")


def mark_funding_failed(*, milestone_id: UUID, request: int, reason: str) -> None:
    """The money was not there after all: the hirer may try again. A repeated or outdated answer changes nothing."""
    with atomic("contracts"):
        milestone = queries.lock_milestone(milestone_id)
        if milestone.state != "awaiting_funds" or milestone.funding_request != request:
            return
        milestone.state = rules.MILESTONE.check("funding_failed", milestone.state)
        milestone.funding_error = reason
        milestone.save_change("state", "funding_error")
