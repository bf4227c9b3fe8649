"""Jobs written, published and edited by their hirer."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from domains.marketplace import queries, rules
from domains.marketplace.models import Deadline, Job, JobSkill
from kelmah import clock, deadlines
from kelmah.db import atomic, check_version
from kelmah.events.publish import publish
from kelmah.interfaces.marketplace.events import JobPosted
from kelmah.principal import Principal

EXPIRE_JOB = "expire_job"


def create_job(*, by: Principal, posting: rules.Posting) -> Job:
    """A draft that only its hirer sees. Raises InvalidInput."""
    with atomic("marketplace"):
        job = Job(hirer_id=by.user_id, created_at=clock.now())
        _write(job, posting)
        job.save(force_insert=True)
        _write_skills(job)
    return job


def edit_job(*, job_id: UUID, by: Principal, expected_version: int | None, changes: Mapping[str, Any]) -> Job:
    """Change fields of ``rules.Posting``. Proposals made before stand as they are.

    Raises NotFound, StaleVersion, InvalidTransition, InvalidInput.
    """
    with atomic("marketplace"):
        job = own_job_locked(job_id, by, expected_version)
        rules.JOB.check("edit", job.state)
        before = _posting_of(job)
        after = replace(before, **changes)
        rules.check_currency_kept(state=job.state, before=before.budget.currency, after=after.budget.currency)
        _write(job, after, known=frozenset(before.skills), category_known=before.category)
        job.save_change(*_POSTING_COLUMNS)
        if after.skills != before.skills:
            _write_skills(job)
        keep_expiry(job)
    return job


def publish_job(*, job_id: UUID, by: Principal, expected_version: int | None) -> Job:
    """Open the job for 30 days. Raises NotFound, StaleVersion, InvalidTransition."""
    with atomic("marketplace"):
        job = own_job_locked(job_id, by, expected_version)
        job.state = rules.JOB.check("publish", job.state)
        job.published_at = clock.now()
        job.expires_at = job.published_at + rules.OPEN_FOR
        job.save_change("state", "published_at", "expires_at")
        keep_expiry(job)
        publish(
            JobPosted(
                job_id=job.id,
                hirer_id=job.hirer_id,
                title=job.title,
                category=job.category_id,
                visibility=job.visibility,
            )
        )
    return job


def pause_job(*, job_id: UUID, by: Principal, expected_version: int | None) -> Job:
    """Take no proposals for now; those made stand, and the 30 days run on.

    Raises NotFound, StaleVersion, InvalidTransition.
    """
    return _step(job_id, by, expected_version, "pause")


def resume_job(*, job_id: UUID, by: Principal, expected_version: int | None) -> Job:
    """Take proposals again. Raises NotFound, StaleVersion, InvalidTransition."""
    return _step(job_id, by, expected_version, "resume")


def own_job_locked(job_id: UUID, by: Principal, expected_version: int | None) -> Job:
    """The hirer's job, locked: of two steps at once the second sees what the first did.

    Raises NotFound, StaleVersion.
    """
    queries.access_own_job(job_id=job_id, by=by)
    job = queries.lock_job(job_id)
    check_version(job, expected_version)
    return job


def keep_expiry(job: Job) -> None:
    """Arm the job's end for its present version, since a change voids the deadline of the version before."""
    if job.state in ("open", "paused") and job.expires_at is not None:
        deadlines.schedule(Deadline, subject_id=job.id, kind=EXPIRE_JOB, due_at=job.expires_at, version=job.version)


# Private functions

_POSTING_COLUMNS = (
    "title", "description", "category", "skills", "kind", "mode", "budget_minor", "currency", "enforce_budget_band",
    "visibility", "place_name", "latitude", "longitude",
)  # fmt: skip


def _step(job_id: UUID, by: Principal, expected_version: int | None, name: str) -> Job:
    with atomic("marketplace"):
        job = own_job_locked(job_id, by, expected_version)
        job.state = rules.JOB.check(name, job.state)
        job.save_change("state")
        keep_expiry(job)
    return job


def _posting_of(job: Job) -> rules.Posting:
    return rules.Posting(
        title=job.title,
        description=job.description,
        category=job.category_id,
        skills=tuple(skill["id"] for skill in job.skills),
        kind=job.kind,
        mode=job.mode,
        budget=job.budget,
        enforce_budget_band=job.enforce_budget_band,
        visibility=job.visibility,
        place=job.place,
    )


def _write(
    job: Job, posting: rules.Posting, *, known: frozenset[str] = frozenset(), category_known: str | None = None
) -> None:
    """Fill in the row. What it already named stays allowed when the taxonomy has retired it since."""
    rules.check_place(mode=posting.mode, place=posting.place)
    if posting.category != category_known and queries.category_named(posting.category) is None:
        raise rules.refused_field("/category", "unknown", f"There is no category {posting.category}.")
    job.title, job.description, job.category_id = posting.title, posting.description, posting.category
    job.skills = _named_skills(posting.skills, already=job.skills, known=known)
    job.kind, job.mode, job.visibility = posting.kind, posting.mode, posting.visibility
    job.budget_minor, job.currency = posting.budget.minor, posting.budget.currency
    job.enforce_budget_band = posting.enforce_budget_band
    place = posting.place
    job.place_name = place.name if place else None
    job.latitude, job.longitude = (place.latitude, place.longitude) if place else (None, None)


def _named_skills(
    ids: tuple[str, ...], *, already: list[dict[str, str]], known: frozenset[str]
) -> list[dict[str, str]]:
    names = {skill["id"]: skill["name"] for skill in already if skill["id"] in known}
    names |= {skill.id: skill.name for skill in queries.skills_named(ids).values()}
    for number, skill_id in enumerate(ids):
        if skill_id not in names:
            raise rules.refused_field(f"/skills/{number}", "unknown", f"There is no skill {skill_id}.")
    return [{"id": skill_id, "name": names[skill_id]} for skill_id in ids]


def _write_skills(job: Job) -> None:
    JobSkill.objects.filter(job=job).delete()
    JobSkill.objects.bulk_create(JobSkill(job=job, skill_id=skill["id"]) for skill in job.skills)
