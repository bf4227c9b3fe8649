"""JSON that marketplace gives out: shapes for the OpenAPI document, and the functions that build them.

Lists are built by PostgreSQL (``queries.pages``, ``queries.own``); tests hold the two writings together.
"""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from domains.marketplace import rules
from domains.marketplace.models import Category, Job, Offer, Proposal, Skill
from kelmah.http.fields import MoneyField
from kelmah.interfaces.identity.types import Profile


class StepsField(serializers.ListField):
    """Names of transitions."""

    child = serializers.CharField()

    def __init__(self, **options: Any) -> None:
        super().__init__(help_text="What you may do now.", **options)


class CategoryOut(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    group = serializers.ChoiceField(choices=["trades", "operations", "creative", "technical"])


class SkillOut(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField()


class SkillNameOut(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()


class PlaceOut(serializers.Serializer):
    name = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()


class JobBase(serializers.Serializer):
    id = serializers.UUIDField()
    hirer_id = serializers.UUIDField()
    title = serializers.CharField()
    category = serializers.CharField()
    skills = SkillNameOut(many=True)
    kind = serializers.ChoiceField(choices=rules.KINDS)
    mode = serializers.ChoiceField(choices=rules.MODES)
    budget = MoneyField()
    place = PlaceOut(allow_null=True)
    visibility = serializers.ChoiceField(choices=rules.VISIBILITIES)
    state = serializers.ChoiceField(choices=sorted(rules.JOB.states))
    version = serializers.IntegerField()
    published_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    available_transitions = StepsField()


class JobCardOut(JobBase):
    """A job in a list."""

    excerpt = serializers.CharField(help_text="The first 240 characters of the description.")
    distance_km = serializers.FloatField(allow_null=True, help_text="From the point asked for.")


class JobOut(JobBase):
    """A job."""

    description = serializers.CharField()
    enforce_budget_band = serializers.BooleanField()
    removal_reason = serializers.CharField(help_text="Staff's, for the hirer of a removed job; else empty.")
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class ReputationOut(serializers.Serializer):
    stars = serializers.CharField(allow_null=True, help_text='A decimal as text, "4.37"; null without reviews.')
    reviews = serializers.IntegerField()


class SkillLevelOut(serializers.Serializer):
    skill_id = serializers.CharField()
    name = serializers.CharField()
    level = serializers.IntegerField()
    years = serializers.IntegerField()


class WorkerOut(serializers.Serializer):
    """The worker's public profile."""

    user_id = serializers.UUIDField()
    display_name = serializers.CharField()
    headline = serializers.CharField()
    place = serializers.CharField()
    skills = SkillLevelOut(many=True)
    completeness = serializers.IntegerField()
    reputation = ReputationOut()


class LatestOfferOut(serializers.Serializer):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=sorted(rules.OFFER.states))


class ProposalOut(serializers.Serializer):
    id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    job_title = serializers.CharField()
    hirer_id = serializers.UUIDField()
    worker_id = serializers.UUIDField()
    worker = WorkerOut(allow_null=True, help_text="For the hirer, while profiles can be read; else null.")
    cover_letter = serializers.CharField()
    amount = MoneyField()
    delivery_days = serializers.IntegerField()
    offer = LatestOfferOut(allow_null=True, help_text="The last offer made on it.")
    state = serializers.ChoiceField(choices=sorted(rules.PROPOSAL.states))
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    available_transitions = StepsField()


class StepOut(serializers.Serializer):
    title = serializers.CharField()
    description = serializers.CharField()
    amount = MoneyField()
    due_in_days = serializers.IntegerField(allow_null=True)


class OfferOut(serializers.Serializer):
    id = serializers.UUIDField()
    proposal_id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    job_title = serializers.CharField()
    hirer_id = serializers.UUIDField()
    worker_id = serializers.UUIDField()
    scope = serializers.CharField()
    kind = serializers.ChoiceField(choices=rules.KINDS)
    amount = MoneyField()
    milestones = StepOut(many=True)
    state = serializers.ChoiceField(choices=sorted(rules.OFFER.states))
    version = serializers.IntegerField()
    contract_id = serializers.UUIDField(allow_null=True, help_text="Of an accepted offer; the contract follows.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    available_transitions = StepsField()


def render_category(category: Category) -> dict[str, Any]:
    return {"slug": category.slug, "name": category.name, "group": category.group}


def render_skill(skill: Skill) -> dict[str, Any]:
    return {"id": skill.id, "name": skill.name, "category": skill.category_id}


def render_job(job: Job, *, viewer_id: UUID | None) -> dict[str, Any]:
    """The job as ``viewer_id`` sees it."""
    is_hirer = viewer_id == job.hirer_id
    place = job.place
    return {
        "id": job.id,
        "hirer_id": job.hirer_id,
        "title": job.title,
        "description": job.description,
        "category": job.category_id,
        "skills": job.skills,
        "kind": job.kind,
        "mode": job.mode,
        "budget": job.budget,
        "enforce_budget_band": job.enforce_budget_band,
        "place": vars(place) if place else None,
        "visibility": job.visibility,
        "state": job.state,
        "version": job.version,
        "removal_reason": job.removal_reason,
        "created_at": job.created_at,
        "published_at": job.published_at,
        "expires_at": job.expires_at,
        "ended_at": job.ended_at,
        "available_transitions": rules.JOB.available(job.state, "hirer") if is_hirer else [],
    }


def render_worker(profile: Profile) -> dict[str, Any]:
    stars = None if profile.stars is None else f"{profile.stars // 100}.{profile.stars % 100:02}"
    return {
        "user_id": profile.user_id,
        "display_name": profile.display_name,
        "headline": profile.headline,
        "place": profile.place,
        "skills": [vars(skill) for skill in profile.skills],
        "completeness": profile.completeness,
        "reputation": {"stars": stars, "reviews": profile.reviews},
    }


def render_proposal(
    proposal: Proposal, *, viewer_id: UUID, offer: Offer | None, worker: Profile | None = None
) -> dict[str, Any]:
    """The proposal, read with its job, as its side ``viewer_id`` sees it."""
    job = proposal.job
    side = rules.side_of(hirer_id=job.hirer_id, worker_id=proposal.worker_id, user_id=viewer_id)
    return {
        "id": proposal.id,
        "job_id": proposal.job_id,
        "job_title": job.title,
        "hirer_id": job.hirer_id,
        "worker_id": proposal.worker_id,
        "worker": render_worker(worker) if worker else None,
        "cover_letter": proposal.cover_letter,
        "amount": proposal.amount,
        "delivery_days": proposal.delivery_days,
        "offer": {"id": offer.id, "state": offer.state} if offer else None,
        "state": proposal.state,
        "version": proposal.version,
        "created_at": proposal.created_at,
        "ended_at": proposal.ended_at,
        "available_transitions": rules.PROPOSAL.available(proposal.state, side),
    }


def render_offer(offer: Offer, *, viewer_id: UUID) -> dict[str, Any]:
    """The offer, read with its proposal and job, as its side ``viewer_id`` sees it."""
    job, worker_id = offer.job, offer.proposal.worker_id
    side = rules.side_of(hirer_id=job.hirer_id, worker_id=worker_id, user_id=viewer_id)
    return {
        "id": offer.id,
        "proposal_id": offer.proposal_id,
        "job_id": offer.job_id,
        "job_title": job.title,
        "hirer_id": job.hirer_id,
        "worker_id": worker_id,
        "scope": offer.scope,
        "kind": offer.kind,
        "amount": offer.amount,
        "milestones": [vars(step) for step in offer.steps],
        "state": offer.state,
        "version": offer.version,
        "contract_id": offer.contract_id,
        "created_at": offer.created_at,
        "expires_at": offer.expires_at,
        "ended_at": offer.ended_at,
        "available_transitions": rules.OFFER.available(offer.state, side),
    }
