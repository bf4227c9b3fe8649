"""What each use case writes and tells, and what ends with what."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domains.marketplace import actions, rules
from domains.marketplace.actions.demo import load_demo
from domains.marketplace.models import Deadline, Job, JobSkill, Offer, Proposal, Skill
from domains.marketplace.tasks import run_deadlines
from kelmah.errors import InvalidInput, InvalidTransition, NotFound, StaleVersion
from kelmah.interfaces.marketplace.events import (
    JobClosed,
    JobPosted,
    OfferAccepted,
    OfferSent,
    ProposalSubmitted,
    ProposalWithdrawn,
)
from kelmah.interfaces.marketplace.types import MilestoneTerms
from kelmah.money import Money
from kelmah.principal import Principal
from kelmah.testing.events import PublishedEvents
from tests.marketplace.factories import CABINETS, JobFactory, OfferFactory, ProposalFactory

pytestmark = pytest.mark.domain("marketplace")

As = Callable[..., Principal]
OSU = rules.Place(name="Osu, Accra", latitude=5.556, longitude=-0.182)


def posting(**changes: Any) -> rules.Posting:
    plain: dict[str, Any] = {
        "title": "Fit kitchen cabinets",
        "description": "Six cabinets in Osu.",
        "category": "carpentry",
        "skills": (CABINETS,),
        "kind": "fixed",
        "mode": "onsite",
        "budget": Money(130_000, "GHS"),
        "enforce_budget_band": False,
        "visibility": "public",
        "place": OSU,
    }
    return rules.Posting(**{**plain, **changes})


def armed(kind: str) -> list[tuple[Any, int]]:
    rows = Deadline.objects.filter(kind=kind, done_at__isnull=True).order_by("id")
    return [(row.subject_id, row.subject_version) for row in rows]


def fresh(row: Any) -> Any:
    return type(row).objects.get(id=row.id)


class TestPosting:
    def test_a_new_job_is_a_draft_with_its_skills(self, hirer: Principal, published: PublishedEvents) -> None:
        job = actions.create_job(by=hirer, posting=posting())
        assert (job.state, job.hirer_id, job.version) == ("draft", hirer.user_id, 1)
        assert job.skills == [{"id": CABINETS, "name": "Cabinet Installer"}]
        assert [row.skill_id for row in JobSkill.objects.filter(job=job)] == [CABINETS]
        assert published.of(JobPosted) == []

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"category": "astrology"}, "/category", "unknown"),
            ({"skills": (CABINETS, "levitation")}, "/skills/1", "unknown"),
            ({"place": None}, "/place", "required"),
        ],
    )
    def test_what_does_not_exist_is_refused_by_name(
        self, hirer: Principal, changes: dict[str, Any], pointer: str, code: str
    ) -> None:
        with pytest.raises(InvalidInput) as error:
            actions.create_job(by=hirer, posting=posting(**changes))
        assert [(each.pointer, each.code) for each in error.value.errors] == [(pointer, code)]
        assert not Job.objects.exists()

    def test_publishing_opens_for_thirty_days(self, hirer: Principal, published: PublishedEvents, clock: Any) -> None:
        job = actions.create_job(by=hirer, posting=posting())
        job = actions.publish_job(job_id=job.id, by=hirer, expected_version=1)
        assert job.state == "open"
        assert job.expires_at == job.published_at + timedelta(days=30)
        assert armed("expire_job") == [(job.id, job.version)]
        assert published.of(JobPosted) == [
            JobPosted(job_id=job.id, hirer_id=hirer.user_id, title=job.title, category="carpentry", visibility="public")
        ]

    def test_a_job_is_published_once(self, principal: As) -> None:
        job = JobFactory()
        with pytest.raises(InvalidTransition):
            actions.publish_job(job_id=job.id, by=principal(user_id=job.hirer_id), expected_version=1)

    def test_pausing_and_resuming_keep_the_end(self, principal: As, clock: Any) -> None:
        job = JobFactory()
        by = principal(user_id=job.hirer_id)
        paused = actions.pause_job(job_id=job.id, by=by, expected_version=1)
        assert paused.state == "paused"
        resumed = actions.resume_job(job_id=job.id, by=by, expected_version=2)
        assert (resumed.state, resumed.expires_at) == ("open", job.expires_at)
        assert armed("expire_job") == [(job.id, 3)]


class TestEditing:
    def test_what_is_not_named_stays(self, principal: As) -> None:
        job = JobFactory(in_osu=True, asks_for=[CABINETS])
        by = principal(user_id=job.hirer_id)
        actions.edit_job(job_id=job.id, by=by, expected_version=1, changes={"title": "New title"})
        after = fresh(job)
        assert (after.title, after.version, after.published_at) == ("New title", 2, job.published_at)
        same = ("description", "skills", "mode", "place", "budget", "category_id", "state", "visibility")
        assert [getattr(after, name) for name in same] == [getattr(job, name) for name in same]

    def test_skills_are_replaced_in_both_places(self, principal: As) -> None:
        job = JobFactory(asks_for=[CABINETS])
        by = principal(user_id=job.hirer_id)
        actions.edit_job(job_id=job.id, by=by, expected_version=1, changes={"skills": ("47-2031-00-carpentry",)})
        assert [row.skill_id for row in JobSkill.objects.filter(job=job)] == ["47-2031-00-carpentry"]
        assert fresh(job).skills == [{"id": "47-2031-00-carpentry", "name": "Carpentry"}]

    def test_a_retired_skill_stays_where_it_was_and_comes_nowhere_new(self, principal: As) -> None:
        job = JobFactory(asks_for=[CABINETS])
        Skill.objects.filter(id=CABINETS).update(active=False)
        by = principal(user_id=job.hirer_id)
        actions.edit_job(
            job_id=job.id, by=by, expected_version=1, changes={"skills": (CABINETS, "47-2031-00-carpentry")}
        )
        assert len(fresh(job).skills) == 2
        with pytest.raises(InvalidInput):
            actions.edit_job(
                job_id=JobFactory(hirer_id=job.hirer_id).id, by=by, expected_version=1, changes={"skills": (CABINETS,)}
            )

    def test_the_end_of_an_edited_job_does_not_move(self, principal: As, clock: Any) -> None:
        job = JobFactory()
        by = principal(user_id=job.hirer_id)
        clock.advance(days=29)
        actions.edit_job(job_id=job.id, by=by, expected_version=1, changes={"title": "New title"})
        clock.advance(days=1, minutes=1)
        run_deadlines()
        assert fresh(job).state == "expired"

    def test_the_currency_of_a_published_job_stays(self, principal: As) -> None:
        job, draft = JobFactory(), JobFactory(state="draft")
        changes = {"budget": Money(100_000, "USD")}
        with pytest.raises(InvalidInput):
            actions.edit_job(job_id=job.id, by=principal(user_id=job.hirer_id), expected_version=1, changes=changes)
        actions.edit_job(job_id=draft.id, by=principal(user_id=draft.hirer_id), expected_version=1, changes=changes)
        assert fresh(draft).currency == "USD"

    @pytest.mark.parametrize("state", ["closed", "filled", "expired", "removed"])
    def test_a_job_that_has_ended_is_not_edited(self, principal: As, state: str) -> None:
        job = JobFactory(state=state)
        with pytest.raises(InvalidTransition):
            actions.edit_job(job_id=job.id, by=principal(user_id=job.hirer_id), expected_version=1, changes={})


class TestProposing:
    def submit(self, job: Job, by: Principal, amount: Money | None = None) -> Proposal:
        return actions.submit_proposal(
            job_id=job.id, by=by, cover_letter="I can.", amount=amount or Money(95_000, "GHS"), delivery_days=10
        )

    def test_a_proposal_is_told_and_awaits_the_hirer_for_seven_days(
        self, worker: Principal, published: PublishedEvents
    ) -> None:
        job = JobFactory()
        proposal = self.submit(job, worker)
        assert armed("expire_proposal") == [(proposal.id, 1)]
        assert published.of(ProposalSubmitted) == [
            ProposalSubmitted(
                proposal_id=proposal.id,
                job_id=job.id,
                job_title=job.title,
                hirer_id=job.hirer_id,
                worker_id=worker.user_id,
            )
        ]

    def test_a_second_proposal_needs_the_first_withdrawn(self, worker: Principal) -> None:
        job = JobFactory()
        first = self.submit(job, worker)
        with pytest.raises(rules.AlreadyProposed):
            self.submit(job, worker)
        actions.withdraw_proposal(proposal_id=first.id, by=worker, expected_version=1)
        assert self.submit(job, worker).id != first.id

    def test_nobody_proposes_to_their_own_job(self, principal: As) -> None:
        job = JobFactory()
        with pytest.raises(rules.OwnJob):
            self.submit(job, principal("worker", "hirer", user_id=job.hirer_id))

    @pytest.mark.parametrize("state", ["paused", "closed", "filled", "expired"])
    def test_a_job_that_is_not_open_takes_no_proposals(self, worker: Principal, state: str) -> None:
        with pytest.raises(rules.JobNotOpen):
            self.submit(JobFactory(state=state), worker)

    @pytest.mark.parametrize("hidden", [{"state": "draft"}, {"state": "removed"}, {"visibility": "private"}])
    def test_a_job_one_may_not_see_does_not_exist(self, worker: Principal, hidden: dict[str, str]) -> None:
        with pytest.raises(NotFound):
            self.submit(JobFactory(**hidden), worker)

    def test_the_band_binds_only_where_the_hirer_set_it(self, worker: Principal) -> None:
        self.submit(JobFactory(), worker, Money(1, "GHS"))
        with pytest.raises(InvalidInput):
            self.submit(JobFactory(enforce_budget_band=True), worker, Money(79_999, "GHS"))
        self.submit(JobFactory(enforce_budget_band=True), worker, Money(80_000, "GHS"))

    def test_withdrawing_is_told_and_declines_the_offer(self, principal: As, published: PublishedEvents) -> None:
        offer = OfferFactory()
        proposal = offer.proposal
        actions.withdraw_proposal(proposal_id=proposal.id, by=principal(user_id=proposal.worker_id), expected_version=1)
        assert fresh(proposal).state == "withdrawn"
        assert fresh(offer).state == "declined"
        assert [event.proposal_id for event in published.of(ProposalWithdrawn)] == [proposal.id]
        assert fresh(offer.job).state == "open"


class TestHirersSteps:
    def test_reading_a_proposal_gives_it_seven_more_days(self, principal: As, clock: Any, worker: Principal) -> None:
        job = JobFactory()
        proposal = actions.submit_proposal(
            job_id=job.id, by=worker, cover_letter="I can.", amount=Money(1, "GHS"), delivery_days=1
        )
        clock.advance(days=6)
        actions.view_proposal(proposal_id=proposal.id, by=principal(user_id=job.hirer_id), expected_version=1)
        clock.advance(days=6)
        run_deadlines()
        assert fresh(proposal).state == "viewed"
        clock.advance(days=2)
        run_deadlines()
        assert fresh(proposal).state == "expired"

    def test_a_shortlisted_proposal_does_not_expire(self, principal: As, clock: Any, worker: Principal) -> None:
        job = JobFactory()
        proposal = actions.submit_proposal(
            job_id=job.id, by=worker, cover_letter="I can.", amount=Money(1, "GHS"), delivery_days=1
        )
        actions.shortlist_proposal(proposal_id=proposal.id, by=principal(user_id=job.hirer_id), expected_version=1)
        clock.advance(days=20)
        run_deadlines()
        assert fresh(proposal).state == "shortlisted"

    def test_a_declined_proposal_has_ended(self, principal: As) -> None:
        proposal = ProposalFactory()
        by = principal(user_id=proposal.job.hirer_id)
        declined = actions.decline_proposal(proposal_id=proposal.id, by=by, expected_version=1)
        assert declined.state == "declined"
        assert declined.ended_at is not None
        with pytest.raises(InvalidTransition):
            actions.shortlist_proposal(proposal_id=proposal.id, by=by, expected_version=2)


def terms(**changes: Any) -> dict[str, Any]:
    step = rules.Step(title="All of it", description="Six", amount=Money(95_000, "GHS"), due_in_days=10)
    return {"scope": "Fit them.", "kind": "fixed", "amount": Money(95_000, "GHS"), "steps": [step], **changes}


class TestOffers:
    def test_an_offer_is_told_and_open_for_seven_days(self, principal: As, published: PublishedEvents) -> None:
        proposal = ProposalFactory()
        by = principal(user_id=proposal.job.hirer_id)
        offer = actions.send_offer(proposal_id=proposal.id, by=by, **terms())
        assert fresh(proposal).state == "offered"
        assert offer.expires_at == offer.created_at + timedelta(days=7)
        assert armed("expire_offer") == [(offer.id, 1)]
        assert [(event.offer_id, event.worker_id) for event in published.of(OfferSent)] == [
            (offer.id, proposal.worker_id)
        ]

    def test_a_proposal_gets_one_offer_at_a_time(self, principal: As) -> None:
        offer = OfferFactory()
        by = principal(user_id=offer.job.hirer_id)
        with pytest.raises(InvalidTransition):
            actions.send_offer(proposal_id=offer.proposal_id, by=by, **terms())
        actions.withdraw_offer(offer_id=offer.id, by=by, expected_version=1)
        actions.send_offer(proposal_id=offer.proposal_id, by=by, **terms())

    def test_milestones_must_sum_to_the_amount(self, principal: As) -> None:
        proposal = ProposalFactory()
        with pytest.raises(InvalidInput):
            actions.send_offer(
                proposal_id=proposal.id,
                by=principal(user_id=proposal.job.hirer_id),
                **terms(amount=Money(95_001, "GHS")),
            )
        assert not Offer.objects.exists()
        assert fresh(proposal).state == "submitted"

    def test_an_offer_is_in_the_currency_of_the_job(self, principal: As) -> None:
        proposal = ProposalFactory()
        step = rules.Step(title="All", description="", amount=Money(10, "USD"), due_in_days=None)
        with pytest.raises(InvalidInput):
            actions.send_offer(
                proposal_id=proposal.id,
                by=principal(user_id=proposal.job.hirer_id),
                **terms(amount=Money(10, "USD"), steps=[step]),
            )

    def test_work_by_the_hour_has_a_rate_and_no_milestones(self, principal: As) -> None:
        proposal = ProposalFactory()
        offer = actions.send_offer(
            proposal_id=proposal.id,
            by=principal(user_id=proposal.job.hirer_id),
            **terms(kind="hourly", amount=Money(4_000, "GHS"), steps=[]),
        )
        assert fresh(offer).milestones == []

    @pytest.mark.parametrize(
        ("step", "side", "state"), [("decline", "worker", "declined"), ("withdraw", "hirer", "withdrawn")]
    )
    def test_an_offer_that_ends_without_agreement_leaves_the_proposal_shortlisted(
        self, principal: As, step: str, side: str, state: str
    ) -> None:
        offer = OfferFactory()
        who = offer.proposal.worker_id if side == "worker" else offer.job.hirer_id
        action = actions.decline_offer if step == "decline" else actions.withdraw_offer
        assert action(offer_id=offer.id, by=principal(user_id=who), expected_version=1).state == state
        assert fresh(offer.proposal).state == "shortlisted"
        assert fresh(offer.job).state == "open"

    def test_an_unanswered_offer_expires(self, principal: As, clock: Any) -> None:
        proposal = ProposalFactory()
        offer = actions.send_offer(proposal_id=proposal.id, by=principal(user_id=proposal.job.hirer_id), **terms())
        clock.advance(days=7, minutes=1)
        assert run_deadlines() == 1
        assert fresh(offer).state == "expired"
        assert fresh(proposal).state == "shortlisted"
        with pytest.raises(StaleVersion):
            actions.accept_offer(offer_id=offer.id, by=principal(user_id=proposal.worker_id), expected_version=1)


class TestAcceptance:
    def test_it_fills_the_job_and_ends_everything_else(self, principal: As, published: PublishedEvents) -> None:
        offer = OfferFactory()
        job = offer.job
        rival = OfferFactory(proposal__job=job)
        reader = ProposalFactory(job=job, state="viewed")
        gone = ProposalFactory(job=job, state="withdrawn")
        accepted = actions.accept_offer(
            offer_id=offer.id, by=principal(user_id=offer.proposal.worker_id), expected_version=1
        )
        assert accepted.state == "accepted"
        assert fresh(job).state == "filled"
        assert fresh(offer.proposal).state == "accepted"
        assert (fresh(rival).state, fresh(rival.proposal).state) == ("void", "declined")
        assert (fresh(reader).state, fresh(gone).state) == ("declined", "withdrawn")
        assert published.of(OfferAccepted) == [
            OfferAccepted(
                offer_id=offer.id,
                job_id=job.id,
                proposal_id=offer.proposal_id,
                contract_id=accepted.contract_id,
                hirer_id=job.hirer_id,
                worker_id=offer.proposal.worker_id,
                title=job.title,
                category="carpentry",
                scope=offer.scope,
                kind="fixed",
                amount=Money(95_000, "GHS"),
                milestones=[
                    MilestoneTerms(title="Half", description="", amount=Money(47_500, "GHS"), due_in_days=5),
                    MilestoneTerms(title="Done", description="All six", amount=Money(47_500, "GHS"), due_in_days=None),
                ],
            )
        ]
        assert published.of(JobClosed) == [
            JobClosed(
                job_id=job.id,
                hirer_id=job.hirer_id,
                title=job.title,
                reason="filled",
                worker_ids=[rival.proposal.worker_id, reader.worker_id],
            )
        ]

    def test_a_paused_job_can_still_be_filled(self, principal: As) -> None:
        offer = OfferFactory(proposal__job__state="paused")
        actions.accept_offer(offer_id=offer.id, by=principal(user_id=offer.proposal.worker_id), expected_version=1)
        assert fresh(offer.job).state == "filled"

    def test_a_void_offer_is_not_accepted(self, principal: As) -> None:
        offer = OfferFactory()
        actions.close_job(job_id=offer.job_id, by=principal(user_id=offer.job.hirer_id), expected_version=1)
        with pytest.raises(InvalidTransition):
            actions.accept_offer(offer_id=offer.id, by=principal(user_id=offer.proposal.worker_id), expected_version=2)

    def test_a_deadline_of_what_was_accepted_does_nothing(self, principal: As, clock: Any, worker: Principal) -> None:
        job = JobFactory()
        proposal = actions.submit_proposal(
            job_id=job.id, by=worker, cover_letter="I can.", amount=Money(95_000, "GHS"), delivery_days=1
        )
        offer = actions.send_offer(proposal_id=proposal.id, by=principal(user_id=job.hirer_id), **terms())
        actions.accept_offer(offer_id=offer.id, by=worker, expected_version=1)
        clock.advance(days=60)
        run_deadlines()
        assert [fresh(row).state for row in (job, proposal, offer)] == ["filled", "accepted", "accepted"]


class TestEndings:
    def end(self, job: Job, reason: str, principal: As, clock: Any) -> None:
        if reason == "closed":
            actions.close_job(job_id=job.id, by=principal(user_id=job.hirer_id), expected_version=job.version)
        elif reason == "removed":
            actions.remove_job(job_id=job.id, reason="Asks for money up front.")
        else:
            clock.advance(days=31)
            run_deadlines()

    @pytest.mark.parametrize("reason", ["closed", "removed", "expired"])
    def test_what_waits_for_the_job_ends_with_it(
        self, hirer: Principal, principal: As, clock: Any, published: PublishedEvents, reason: str
    ) -> None:
        job = actions.create_job(by=hirer, posting=posting())
        job = actions.publish_job(job_id=job.id, by=hirer, expected_version=1)
        offer = OfferFactory(proposal__job=job)
        shortlisted = ProposalFactory(job=job, state="shortlisted")
        self.end(job, reason, principal, clock)
        assert fresh(job).state == reason
        assert (fresh(offer).state, fresh(offer.proposal).state, fresh(shortlisted).state) == ("void", "void", "void")
        assert published.of(JobClosed) == [
            JobClosed(
                job_id=job.id,
                hirer_id=hirer.user_id,
                title=job.title,
                reason=reason,
                worker_ids=[offer.proposal.worker_id, shortlisted.worker_id],
            )
        ]
        assert armed("expire_job") == []

    def test_a_removed_draft_is_no_news(self, published: PublishedEvents) -> None:
        job = JobFactory(state="draft")
        removed = actions.remove_job(job_id=job.id, reason=" spam ")
        assert (removed.state, removed.removal_reason) == ("removed", "spam")
        assert published.of(JobClosed) == []

    def test_removal_needs_a_reason_and_a_job_that_is_not_filled(self) -> None:
        with pytest.raises(InvalidInput):
            actions.remove_job(job_id=JobFactory().id, reason="  ")
        with pytest.raises(InvalidTransition):
            actions.remove_job(job_id=JobFactory(state="filled").id, reason="spam")

    def test_a_beat_that_was_down_catches_up_once(self, principal: As, clock: Any, worker: Principal) -> None:
        job = JobFactory(state="draft")
        actions.publish_job(job_id=job.id, by=principal(user_id=job.hirer_id), expected_version=1)
        actions.submit_proposal(
            job_id=job.id, by=worker, cover_letter="I can.", amount=Money(1, "GHS"), delivery_days=1
        )
        clock.advance(days=40)
        assert run_deadlines() == 2
        assert run_deadlines() == 0
        assert Proposal.objects.get().state == "expired"
        assert fresh(job).state == "expired"


def test_demo_jobs_are_there_once(published: PublishedEvents) -> None:
    load_demo()
    load_demo()
    assert Job.objects.filter(state="open").count() == len(published.of(JobPosted)) == 12
    assert all(job.skills for job in Job.objects.all())
