"""What marketplace forgets of somebody, and what it ends."""

import pytest

from domains.marketplace.actions import privacy
from domains.marketplace.models import Job, Offer, Proposal
from kelmah.ids import new_id
from kelmah.interfaces.marketplace.events import JobClosed, PersonAnswered
from kelmah.interfaces.privacy import ERASED, Asked
from kelmah.testing.databases import rows_of
from tests.marketplace.factories import JobFactory, OfferFactory, ProposalFactory

pytestmark = pytest.mark.domain("marketplace")


def erase(user_id) -> None:
    privacy.answer(Asked(request_id=new_id(), user_id=user_id, step="erase"))


def test_a_hirers_jobs_end_and_lose_their_words(published):
    hirer = new_id()
    online = JobFactory(hirer_id=hirer, title="Ama's house", description="Ring Ama Mensah", in_osu=True)
    JobFactory(hirer_id=hirer, title="Ama's draft", state="draft")
    JobFactory(hirer_id=hirer, title="Ama's old one", state="removed")
    other = JobFactory(title="Kofi's house")
    proposal = ProposalFactory(job=online)
    erase(hirer)
    online.refresh_from_db()
    assert (online.state, online.title, online.place_name, online.latitude) == ("closed", ERASED, ERASED, 0)
    assert Proposal.objects.get(id=proposal.id).state == "void"
    assert [event.title for event in published.of(JobClosed)] == [ERASED]
    assert not Job.objects.filter(hirer_id=hirer, state="draft").exists()
    assert Job.objects.get(id=other.id).title == "Kofi's house"
    assert "Ama" not in str(rows_of("marketplace", ["job", "offer", "proposal", "outbox"]))
    erase(hirer)
    assert published.of(PersonAnswered)[-1].counts == {}


def test_a_workers_proposals_are_withdrawn_with_their_offers():
    kofi = new_id()
    proposal = ProposalFactory(worker_id=kofi, cover_letter="I am Kofi Boateng", state="offered")
    offer = OfferFactory(proposal=proposal, job=proposal.job, scope="For Kofi Boateng")
    erase(kofi)
    proposal.refresh_from_db()
    offer.refresh_from_db()
    assert (proposal.state, proposal.cover_letter) == ("withdrawn", ERASED)
    assert (offer.state, offer.scope) == ("declined", ERASED)
    assert {step["title"] for step in offer.milestones} <= {ERASED}
    assert Offer.objects.get().amount == offer.amount
    assert "Boateng" not in str(rows_of("marketplace", ["job", "offer", "proposal", "outbox"]))
