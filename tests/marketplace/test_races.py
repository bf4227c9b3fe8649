"""Two at once, with real threads and connections: whatever the order, one truth."""

from collections.abc import Callable
from typing import Any

import pytest

from domains.marketplace import actions, rules
from domains.marketplace.models import Job, Offer, Proposal
from domains.marketplace.tasks import run_deadlines
from kelmah.errors import DomainError, InvalidTransition, StaleVersion
from kelmah.interfaces.marketplace.events import JobClosed, JobPosted, OfferAccepted, OfferSent, ProposalSubmitted
from kelmah.money import Money
from kelmah.principal import Principal
from kelmah.testing.events import PublishedEvents
from tests.marketplace.factories import JobFactory, OfferFactory, ProposalFactory

pytestmark = pytest.mark.domain("marketplace", transaction=True)

As = Callable[..., Principal]
Race = Callable[..., list[Any]]
ROUNDS = pytest.mark.parametrize("attempt", range(5))

STEP = rules.Step(title="All of it", description="", amount=Money(95_000, "GHS"), due_in_days=10)
TERMS: dict[str, Any] = {"scope": "Fit them.", "kind": "fixed", "amount": Money(95_000, "GHS"), "steps": [STEP]}


def fresh(row: Any) -> Any:
    return type(row).objects.get(id=row.id)


def winners(outcome: list[Any]) -> list[Any]:
    """What was returned; everybody else must have been refused in words, not by a crash or a deadlock."""
    lost = [result for result in outcome if isinstance(result, Exception)]
    assert all(
        isinstance(error, InvalidTransition | StaleVersion | rules.AlreadyProposed | rules.JobNotOpen) for error in lost
    ), lost
    return [result for result in outcome if not isinstance(result, Exception)]


def accept(offer: Offer, principal: As) -> Callable[[], Offer]:
    by = principal("worker", user_id=offer.proposal.worker_id)
    return lambda: actions.accept_offer(offer_id=offer.id, by=by, expected_version=1)


@ROUNDS
def test_two_workers_accept_two_offers_of_one_job(
    race: Race, principal: As, published: PublishedEvents, attempt: int
) -> None:
    job = JobFactory()
    offers = [OfferFactory(proposal__job=job) for _ in range(4)]
    (winner,) = winners(race([accept(offer, principal) for offer in offers]))
    assert [offer.id for offer in Offer.objects.filter(state="accepted")] == [winner.id]
    assert [event.contract_id for event in published.of(OfferAccepted)] == [winner.contract_id]
    assert len(published.of(JobClosed)) == 1
    assert fresh(job).state == "filled"
    assert Offer.objects.filter(state="void").count() == 3
    assert Proposal.objects.filter(state="declined").count() == 3


@ROUNDS
def test_one_worker_accepts_twice(race: Race, principal: As, published: PublishedEvents, attempt: int) -> None:
    offer = OfferFactory()
    (winner,) = winners(race(accept(offer, principal), 4))
    assert [event.contract_id for event in published.of(OfferAccepted)] == [winner.contract_id]
    assert fresh(offer).contract_id == winner.contract_id


@ROUNDS
def test_the_worker_accepts_while_the_hirer_withdraws(
    race: Race, principal: As, published: PublishedEvents, attempt: int
) -> None:
    offer = OfferFactory()
    hirer = principal("hirer", user_id=offer.job.hirer_id)
    withdraw = lambda: actions.withdraw_offer(offer_id=offer.id, by=hirer, expected_version=1)  # noqa: E731
    (winner,) = winners(race([accept(offer, principal), withdraw]))
    states = [fresh(row).state for row in (offer, offer.proposal, offer.job)]
    if winner.state == "accepted":
        assert states == ["accepted", "accepted", "filled"]
    else:
        assert states == ["withdrawn", "shortlisted", "open"]
    assert len(published.of(OfferAccepted)) == states.count("filled")


@ROUNDS
def test_the_worker_accepts_and_withdraws_the_proposal(
    race: Race, principal: As, published: PublishedEvents, attempt: int
) -> None:
    offer = OfferFactory()
    by = principal("worker", user_id=offer.proposal.worker_id)
    withdraw = lambda: actions.withdraw_proposal(  # noqa: E731
        proposal_id=offer.proposal_id, by=by, expected_version=1
    )
    winners(race([accept(offer, principal), withdraw]))
    states = [fresh(row).state for row in (offer, offer.proposal, offer.job)]
    assert states in (["accepted", "accepted", "filled"], ["declined", "withdrawn", "open"])
    assert len(published.of(OfferAccepted)) == states.count("filled")


@ROUNDS
def test_the_worker_accepts_while_the_hirer_closes_the_job(
    race: Race, principal: As, published: PublishedEvents, attempt: int
) -> None:
    offer = OfferFactory()
    hirer = principal("hirer", user_id=offer.job.hirer_id)
    close = lambda: actions.close_job(job_id=offer.job_id, by=hirer, expected_version=1)  # noqa: E731
    assert len(winners(race([accept(offer, principal), close]))) == 1
    states = [fresh(row).state for row in (offer, offer.proposal, offer.job)]
    assert states in (["accepted", "accepted", "filled"], ["void", "void", "closed"])
    assert [event.reason for event in published.of(JobClosed)] == [states[2]]


@ROUNDS
def test_no_proposal_slips_into_a_job_that_closes(race: Race, principal: As, attempt: int) -> None:
    job = JobFactory()
    hirer = principal("hirer", user_id=job.hirer_id)

    def submit() -> Proposal:
        return actions.submit_proposal(
            job_id=job.id, by=principal("worker"), cover_letter="I can.", amount=Money(1, "GHS"), delivery_days=1
        )

    close = lambda: actions.close_job(job_id=job.id, by=hirer, expected_version=1)  # noqa: E731
    winners(race([submit, submit, close, submit]))
    assert fresh(job).state == "closed"
    assert set(Proposal.objects.values_list("state", flat=True)) <= {"void"}


@ROUNDS
def test_a_worker_who_sends_a_proposal_twice_has_one(
    race: Race, worker: Principal, published: PublishedEvents, attempt: int
) -> None:
    job = JobFactory()
    outcome = race(
        lambda: actions.submit_proposal(
            job_id=job.id, by=worker, cover_letter="I can.", amount=Money(1, "GHS"), delivery_days=1
        ),
        4,
    )
    assert len(winners(outcome)) == Proposal.objects.count() == len(published.of(ProposalSubmitted)) == 1


@ROUNDS
def test_two_offers_on_one_proposal(race: Race, principal: As, published: PublishedEvents, attempt: int) -> None:
    proposal = ProposalFactory()
    hirer = principal("hirer", user_id=proposal.job.hirer_id)
    outcome = race(lambda: actions.send_offer(proposal_id=proposal.id, by=hirer, **TERMS), 3)
    assert len(winners(outcome)) == Offer.objects.count() == len(published.of(OfferSent)) == 1


@ROUNDS
def test_an_offer_while_the_worker_withdraws(race: Race, principal: As, attempt: int) -> None:
    proposal = ProposalFactory()
    hirer = principal("hirer", user_id=proposal.job.hirer_id)
    by = principal("worker", user_id=proposal.worker_id)
    winners(
        race(
            [
                lambda: actions.send_offer(proposal_id=proposal.id, by=hirer, **TERMS),
                lambda: actions.withdraw_proposal(proposal_id=proposal.id, by=by, expected_version=None),
            ]
        )
    )
    assert fresh(proposal).state == "withdrawn"
    assert set(Offer.objects.values_list("state", flat=True)) <= {"declined"}


@ROUNDS
def test_two_edits_of_one_reading(race: Race, principal: As, attempt: int) -> None:
    job = JobFactory()
    hirer = principal("hirer", user_id=job.hirer_id)
    edits = [
        lambda title=title: actions.edit_job(job_id=job.id, by=hirer, expected_version=1, changes={"title": title})
        for title in ("First title", "Other title")
    ]
    (winner,) = winners(race(edits))
    assert (fresh(job).title, fresh(job).version) == (winner.title, 2)


@ROUNDS
def test_two_clicks_on_publish(race: Race, principal: As, published: PublishedEvents, attempt: int) -> None:
    job = JobFactory(state="draft")
    hirer = principal("hirer", user_id=job.hirer_id)
    outcome = race(lambda: actions.publish_job(job_id=job.id, by=hirer, expected_version=1), 3)
    assert len(winners(outcome)) == len(published.of(JobPosted)) == 1


@ROUNDS
def test_an_offer_is_accepted_in_the_moment_it_expires(
    race: Race, principal: As, clock: Any, published: PublishedEvents, attempt: int
) -> None:
    proposal = ProposalFactory()
    hirer = principal("hirer", user_id=proposal.job.hirer_id)
    offer = actions.send_offer(proposal_id=proposal.id, by=hirer, **TERMS)
    clock.advance(days=7, seconds=1)
    outcome = race([accept(offer, principal), run_deadlines, run_deadlines])
    winners(outcome)
    run_deadlines()
    states = [fresh(row).state for row in (offer, proposal, proposal.job)]
    assert states in (["accepted", "accepted", "filled"], ["expired", "shortlisted", "open"])
    assert len(published.of(OfferAccepted)) == states.count("filled")


@ROUNDS
def test_a_job_is_edited_in_the_moment_it_expires(race: Race, principal: As, clock: Any, attempt: int) -> None:
    job = JobFactory(state="draft")
    hirer = principal("hirer", user_id=job.hirer_id)
    actions.publish_job(job_id=job.id, by=hirer, expected_version=1)
    clock.advance(days=30, seconds=1)
    edit = lambda: actions.edit_job(  # noqa: E731
        job_id=job.id, by=hirer, expected_version=2, changes={"title": "Still here"}
    )
    winners(race([edit, run_deadlines, run_deadlines]))
    run_deadlines()
    assert fresh(job).state == "expired"
    assert Job.objects.get().ended_at is not None


def test_refusals_are_typed(race: Race, principal: As) -> None:
    offer = OfferFactory()
    lost = [result for result in race(accept(offer, principal), 2) if isinstance(result, Exception)]
    assert [isinstance(error, DomainError) for error in lost] == [True]
