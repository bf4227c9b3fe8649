"""Single rows: for those who may see them, and locked for those who change them.

Locks are taken in one order everywhere: job, proposal, offer. Whoever changes a proposal or an offer locks its job
first, so that closing a job, accepting an offer and everything around them exclude each other and never deadlock.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Case, F, Func, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Concat

from domains.marketplace import rules
from domains.marketplace.models import Category, Job, Offer, Proposal, Skill
from kelmah.errors import NotFound
from kelmah.principal import Principal

_NOBODY_ELSES = ("draft", "removed")


def access_job(*, job_id: UUID, by: Principal | None) -> Job:
    """The job, for its hirer, for those who proposed to it, and, once published and public, for everybody.

    Raises NotFound.
    """
    job = _jobs().filter(id=job_id).first()
    if job is None or not _may_see(job, by):
        raise NotFound("There is no such job.")
    return job


def access_own_job(*, job_id: UUID, by: Principal) -> Job:
    """The job, for its hirer only. Raises NotFound."""
    job = _jobs().filter(id=job_id, hirer_id=by.user_id).first()
    if job is None:
        raise NotFound("You have no such job.")
    return job


def access_proposal(*, proposal_id: UUID, by: Principal) -> Proposal:
    """The proposal with its job, for its worker and the job's hirer. Raises NotFound."""
    mine = Q(worker_id=by.user_id) | Q(job__hirer_id=by.user_id)
    proposal = Proposal.objects.select_related("job").defer("job__search").filter(mine, id=proposal_id).first()
    if proposal is None:
        raise NotFound("You have no such proposal.")
    return proposal


def access_offer(*, offer_id: UUID, by: Principal) -> Offer:
    """The offer with its proposal and job, for its worker and the job's hirer. Raises NotFound."""
    mine = Q(proposal__worker_id=by.user_id) | Q(job__hirer_id=by.user_id)
    offer = Offer.objects.select_related("proposal", "job").defer("job__search").filter(mine, id=offer_id).first()
    if offer is None:
        raise NotFound("You have no such offer.")
    return offer


def lock_job(job_id: UUID) -> Job:
    """The job, locked until the transaction ends. Raises NotFound."""
    job = _jobs().select_for_update(no_key=True).filter(id=job_id).first()
    if job is None:
        raise NotFound("There is no such job.")
    return job


def lock_proposal(proposal_id: UUID) -> Proposal:
    """The proposal and its job, both locked, the job first. Raises NotFound."""
    job_id = Proposal.objects.filter(id=proposal_id).values_list("job_id", flat=True).first()
    if job_id is None:
        raise NotFound("There is no such proposal.")
    job = lock_job(job_id)
    proposal = Proposal.objects.select_for_update(no_key=True).get(id=proposal_id)
    proposal.job = job
    return proposal


def lock_offer(offer_id: UUID) -> Offer:
    """The offer, its proposal and its job, all locked, the job first. Raises NotFound."""
    proposal_id = Offer.objects.filter(id=offer_id).values_list("proposal_id", flat=True).first()
    if proposal_id is None:
        raise NotFound("There is no such offer.")
    proposal = lock_proposal(proposal_id)
    offer = Offer.objects.select_for_update(no_key=True).get(id=offer_id)
    offer.proposal, offer.job = proposal, proposal.job
    return offer


def live_offer_of(proposal: Proposal) -> Offer | None:
    """The proposal's offer that waits for an answer, locked. The proposal must be locked by the caller."""
    offer = proposal.offers.select_for_update(no_key=True).filter(state=rules.LIVE_OFFER).first()
    if offer is not None:
        offer.proposal, offer.job = proposal, proposal.job
    return offer


def latest_offer_of(proposal: Proposal) -> Offer | None:
    """The last offer made on the proposal."""
    return proposal.offers.order_by("-id").first()


def all_categories() -> list[Category]:
    """The categories that can be chosen, in their order."""
    return list(Category.objects.filter(active=True).order_by("position"))


def category_named(slug: str) -> Category | None:
    """The category, if it can be chosen."""
    return Category.objects.filter(slug=slug, active=True).first()


def skills_named(ids: Sequence[str]) -> dict[str, Skill]:
    """These skills by id, without those that don't exist or can't be chosen any more."""
    return {skill.id: skill for skill in Skill.objects.filter(id__in=ids, active=True, category__active=True)}


def skills_like(*, text: str, category: str | None, limit: int) -> list[Skill]:
    """Skills for a typeahead: every word begins a word of the name, the synonyms or the category; names first.

    A few hundred rows are read through: no index has to follow.
    """
    asked = rules.search_words(text)
    synonyms = Func(F("synonyms"), Value(" "), function="array_to_string", output_field=TextField())
    skills = Skill.objects.filter(active=True, category__active=True).annotate(
        known=Concat("name", Value(" "), synonyms, Value(" "), "category__name", output_field=TextField())
    )
    if category is not None:
        skills = skills.filter(category_id=category)
    named = Q(pk__isnull=False)
    for word in asked:
        # \m is where a word begins; the word itself is letters and digits only.
        skills = skills.filter(known__iregex=rf"\m{word}")
        named &= Q(name__iregex=rf"\m{word}")
    nearness = Case(When(name__istartswith=" ".join(asked), then=0), When(named, then=1), default=2)
    return list(skills.annotate(nearness=nearness).order_by("nearness", "name")[:limit])


# Private functions


def _jobs() -> QuerySet[Job]:
    # The search column is for PostgreSQL alone.
    return Job.objects.defer("search")


def _may_see(job: Job, by: Principal | None) -> bool:
    if by is not None and by.user_id == job.hirer_id:
        return True
    if job.state in _NOBODY_ELSES:
        return False
    return job.visibility == "public" or (
        by is not None and Proposal.objects.filter(job_id=job.id, worker_id=by.user_id).exists()
    )
