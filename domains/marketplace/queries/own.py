"""What is mine: my postings, the proposals to them, the proposals I made."""

from typing import Any
from uuid import UUID

from domains.marketplace import rules
from domains.marketplace.queries.pages import JOB_CARD, Page, moment, money, read_page, steps_of, viewer_params

# Needs the parameter ``steps``: what the reader's side may do in each state.
_PROPOSAL_CARD = f"""
    json_build_object(
        'id', proposal.id, 'job_id', proposal.job_id, 'job_title', job.title, 'hirer_id', job.hirer_id,
        'worker_id', proposal.worker_id, 'worker', NULL, 'cover_letter', proposal.cover_letter,
        'amount', {money("proposal.amount_minor", "proposal.currency")}, 'delivery_days', proposal.delivery_days,
        'offer', (SELECT json_build_object('id', offer.id, 'state', offer.state) FROM marketplace_offer AS offer
                  WHERE offer.proposal_id = proposal.id ORDER BY offer.id DESC LIMIT 1),
        'state', proposal.state, 'version', proposal.version, 'created_at', {moment("proposal.created_at")},
        'ended_at', {moment("proposal.ended_at")}, 'available_transitions', %(steps)s::json -> proposal.state
    )"""  # noqa: S608 - names are ours


def jobs_of(*, hirer_id: UUID, limit: int, after: UUID | None = None) -> Page:
    """The hirer's own jobs in whatever state, newest first. Key: id."""
    return read_page(
        source=_newest("marketplace_job", "hirer_id", after, alias="job"),
        keys=("job.id",),
        card=JOB_CARD.format(distance="NULL"),
        limit=limit,
        params={"owner": hirer_id, "after": after, **viewer_params(hirer_id)},
    )


def proposals_of_job(*, job_id: UUID, limit: int, after: UUID | None = None) -> Page:
    """All proposals to a job, newest first, as its hirer sees them. Key: id."""
    return _proposals(column="job_id", owner=job_id, side="hirer", limit=limit, after=after)


def proposals_of_worker(*, worker_id: UUID, limit: int, after: UUID | None = None) -> Page:
    """The worker's own proposals, newest first. Key: id."""
    return _proposals(column="worker_id", owner=worker_id, side="worker", limit=limit, after=after)


# Private functions


def _proposals(*, column: str, owner: UUID, side: str, limit: int, after: UUID | None) -> Page:
    params: dict[str, Any] = {"owner": owner, "after": after, "steps": steps_of(rules.PROPOSAL, side)}
    return read_page(
        source=f"{_newest('marketplace_proposal', column, after, alias='proposal')}"
        " JOIN marketplace_job AS job ON job.id = proposal.job_id",
        keys=("proposal.id",),
        card=_PROPOSAL_CARD,
        limit=limit,
        params=params,
    )


def _newest(table: str, column: str, after: UUID | None, *, alias: str) -> str:
    """Ids are UUIDv7: the newest is the largest."""
    beyond = "AND id < %(after)s" if after else ""
    return f"""(SELECT * FROM {table} WHERE {column} = %(owner)s {beyond}
                ORDER BY id DESC LIMIT %(limit)s + 1) AS {alias}"""  # noqa: S608 - names are ours
