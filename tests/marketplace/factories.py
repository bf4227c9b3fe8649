"""Rows to begin a test with. Ids of people are made up: marketplace knows no users."""

from datetime import timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from domains.marketplace.models import Job, JobSkill, Offer, Proposal, Skill
from kelmah import clock
from kelmah.ids import new_id

CABINETS = "51-7011-00-cabinet-installer"


class JobFactory(DjangoModelFactory):
    """An open, public, remote job for a fixed price of 1,000.00 GHS."""

    class Meta:
        model = Job
        skip_postgeneration_save = True

    hirer_id = factory.LazyFunction(new_id)
    title = factory.Sequence(lambda n: f"Fit kitchen cabinets number {n}")
    description = "Six cabinets, delivered flat, to be assembled and hung."
    category_id = "carpentry"
    kind = "fixed"
    mode = "remote"
    budget_minor = 100_000
    currency = "GHS"
    state = "open"
    created_at = factory.LazyFunction(clock.now)
    published_at = factory.LazyAttribute(lambda job: None if job.state == "draft" else job.created_at)
    expires_at = factory.LazyAttribute(lambda job: job.published_at and job.published_at + timedelta(days=30))
    ended_at = factory.LazyAttribute(
        lambda job: None if job.state in ("draft", "open", "paused") else job.created_at + timedelta(days=1)
    )
    removal_reason = factory.LazyAttribute(lambda job: "against the rules" if job.state == "removed" else "")

    class Params:
        in_osu = factory.Trait(mode="onsite", place_name="Osu, Accra", latitude=5.556, longitude=-0.182)

    @factory.post_generation
    def asks_for(self, create: bool, skill_ids: list[str] | None, **_: Any) -> None:
        """``JobFactory(asks_for=["51-7011-00-cabinet-installer"])``."""
        if skill_ids:
            found = list(Skill.objects.filter(id__in=skill_ids))
            JobSkill.objects.bulk_create(JobSkill(job=self, skill=skill) for skill in found)
            self.skills = [{"id": skill.id, "name": skill.name} for skill in found]
            self.save(update_fields=["skills"])


class ProposalFactory(DjangoModelFactory):
    """A proposal just submitted to an open job."""

    class Meta:
        model = Proposal

    job = factory.SubFactory(JobFactory)
    worker_id = factory.LazyFunction(new_id)
    cover_letter = "I have fitted forty kitchens."
    amount_minor = 95_000
    currency = "GHS"
    delivery_days = 10
    created_at = factory.LazyFunction(clock.now)
    ended_at = factory.LazyAttribute(
        lambda proposal: (
            None if proposal.state in ("submitted", "viewed", "shortlisted", "offered") else proposal.created_at
        )
    )
    state = "submitted"


class OfferFactory(DjangoModelFactory):
    """An offer just sent on a proposal, in two milestones."""

    class Meta:
        model = Offer

    proposal = factory.SubFactory(ProposalFactory, state="offered")
    job = factory.SelfAttribute("proposal.job")
    scope = "Assemble and fit six cabinets."
    kind = "fixed"
    amount_minor = 95_000
    currency = "GHS"
    milestones = factory.LazyFunction(
        lambda: [
            {"title": "Half", "description": "", "amount": 47_500, "due_in_days": 5},
            {"title": "Done", "description": "All six", "amount": 47_500, "due_in_days": None},
        ]
    )
    created_at = factory.LazyFunction(clock.now)
    expires_at = factory.LazyAttribute(lambda offer: offer.created_at + timedelta(days=7))
