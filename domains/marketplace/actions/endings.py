"""How a job ends, and with it everything that waits for it."""

from uuid import UUID

from django.db.models import F

from domains.marketplace import queries, rules
from domains.marketplace.actions.jobs import EXPIRE_JOB, own_job_locked
from domains.marketplace.models import Deadline, Job, Offer, Proposal
from kelmah import clock, deadlines
from kelmah.db import atomic
from kelmah.events.publish import publish
from kelmah.interfaces.marketplace.events import JobClosed
from kelmah.principal import Principal


def close_job(*, job_id: UUID, by: Principal, expected_version: int | None) -> Job:
    """The hirer needs nobody any more: proposals and offers become void.

    Raises NotFound, StaleVersion, InvalidTransition.
    """
    with atomic("marketplace"):
        job = own_job_locked(job_id, by, expected_version)
        end_job(job, step="close", reason="closed", losers="void")
    return job


def expire_job(*, subject_id: UUID, subject_version: int) -> None:
    """Thirty days are over; a deadline of an older version of the job does nothing."""
    with atomic("marketplace"):
        job = queries.lock_job(subject_id)  # an acceptance may commit at this very moment
        if job.version == subject_version:
            end_job(job, step="expire", reason="expired", losers="void")


def remove_job(*, job_id: UUID, reason: str) -> Job:
    """Staff takes a job off the market; its hirer still sees it, with the reason.

    Raises NotFound, InvalidTransition, InvalidInput without a reason.
    """
    if not reason.strip():
        raise rules.refused_field("/reason", "required", "Say why the job is removed.")
    with atomic("marketplace"):
        job = queries.lock_job(job_id)
        job.removal_reason = reason.strip()
        end_job(job, step="remove", reason="removed", losers="void")
    return job


def end_job(job: Job, *, step: str, reason: str, losers: str) -> None:
    """Take the job, locked by the caller, to its end; ``losers`` is the step that live proposals take with it.

    People hear of it only if the job could be seen. Raises InvalidTransition.
    """
    was_published = job.state in ("open", "paused")
    job.state, job.ended_at = rules.JOB.check(step, job.state), clock.now()
    job.save_change("state", "ended_at", "removal_reason")
    deadlines.cancel(Deadline, subject_id=job.id, kind=EXPIRE_JOB)
    Offer.objects.filter(job=job, state=rules.LIVE_OFFER).update(
        state=rules.OFFER.check("void", rules.LIVE_OFFER), ended_at=job.ended_at, version=F("version") + 1
    )
    workers = _end_proposals(job, losers)
    if was_published:
        publish(JobClosed(job_id=job.id, hirer_id=job.hirer_id, title=job.title, reason=reason, worker_ids=workers))


# Private functions


def _end_proposals(job: Job, step: str) -> list[UUID]:
    """The workers whose proposals end. All of them change under the lock of their job, so none is missed."""
    sources = rules.sources_of(rules.PROPOSAL, step)
    live = Proposal.objects.filter(job=job, state__in=sources)
    workers = list(live.order_by("id").values_list("worker_id", flat=True))
    target = rules.PROPOSAL.check(step, sources[0])
    live.update(state=target, ended_at=job.ended_at, version=F("version") + 1)
    return workers
