"""What marketplace gives back to somebody, and how it forgets them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from domains.marketplace import rules
from domains.marketplace.actions.endings import end_job
from domains.marketplace.actions.proposals import end_proposal
from domains.marketplace.models import Job, Offer, Proposal
from domains.marketplace.queries import live_offer_of, lock_job, lock_proposal
from kelmah.db import atomic
from kelmah.events.publish import enqueue, publish
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.marketplace.events import PersonAnswered
from kelmah.interfaces.privacy import ERASED, Asked, Hold
from kelmah.privacy import answered, forget_traces, hand_over, records_of


def answer(asked: Asked) -> None:
    """Check or erase now, copy by a task."""
    with atomic("marketplace"):
        if asked.step == "export":
            enqueue("marketplace.export_person", request_id=str(asked.request_id), user_id=str(asked.user_id))
        else:
            publish(answered(PersonAnswered, asked, holds_on=holds_on, erase=_erase))


def export_person(*, request_id: UUID, user_id: UUID) -> None:
    """Bring everything to files. Again is safe. Raises Unavailable."""
    counts = hand_over(
        _sections(user_id), domain="marketplace", request_id=request_id, user_id=user_id, keep=files.keep_export_part
    )
    with atomic("marketplace"):
        publish(PersonAnswered(request_id=request_id, user_id=user_id, step="export", holds=[], counts=counts))


def holds_on(user_id: UUID) -> list[Hold]:
    """Nothing here stands against an erasure: what is open is closed by it."""
    return []


# Private functions


def _sections(user_id: UUID) -> dict[str, Iterator[dict[str, Any]]]:
    offers = Offer.objects.filter(Q(job__hirer_id=user_id) | Q(proposal__worker_id=user_id))
    return {
        "jobs": records_of(Job.objects.filter(hirer_id=user_id).order_by("created_at")),
        "proposals": records_of(Proposal.objects.filter(worker_id=user_id).order_by("created_at")),
        "offers": records_of(offers.order_by("created_at")),
    }


def _erase(user_id: UUID) -> dict[str, int]:
    """Words first, so that whoever hears of the endings hears none of them."""
    jobs = Job.objects.filter(hirer_id=user_id)
    proposals = Proposal.objects.filter(worker_id=user_id)
    offers = Offer.objects.filter(Q(job__hirer_id=user_id) | Q(proposal__worker_id=user_id))
    replaced = {
        "jobs": jobs.exclude(description=ERASED).update(title=ERASED, description=ERASED),
        "places": jobs.filter(place_name__isnull=False)
        .exclude(place_name=ERASED)
        .update(place_name=ERASED, latitude=0, longitude=0),
        "reasons": jobs.exclude(removal_reason__in=["", ERASED]).update(removal_reason=ERASED),
        "proposals": proposals.exclude(cover_letter=ERASED).update(cover_letter=ERASED),
        "offers": _empty(offers.exclude(scope=ERASED).values_list("id", flat=True)),
    }
    ended = _end_jobs(user_id) + _end_proposals(user_id)
    return replaced | {"ended": ended, "traces": forget_traces("marketplace", user_id)}


def _empty(offer_ids: Any) -> int:
    """The scope and the words of each step; amounts stay, a constraint adds them up."""
    found = list(Offer.objects.filter(id__in=list(offer_ids)).select_for_update().order_by("id"))
    for offer in found:
        offer.scope = ERASED
        offer.milestones = [step | {"title": ERASED, "description": ""} for step in offer.milestones]
        offer.save(update_fields=["scope", "milestones"])
    return len(found)


def _end_jobs(user_id: UUID) -> int:
    """Close what is online; delete drafts, which nobody ever saw."""
    drafts = Job.objects.filter(hirer_id=user_id, state="draft")
    deleted = drafts.delete()[1].get("marketplace.Job", 0)
    online = Job.objects.filter(hirer_id=user_id, state__in=rules.sources_of(rules.JOB, "close")).order_by("id")
    for job_id in list(online.values_list("id", flat=True)):
        end_job(lock_job(job_id), step="close", reason="closed", losers="void")
        deleted += 1
    return deleted


def _end_proposals(user_id: UUID) -> int:
    sources = rules.sources_of(rules.PROPOSAL, "withdraw")
    live = Proposal.objects.filter(worker_id=user_id, state__in=sources).order_by("id")
    ended = 0
    for proposal_id in list(live.values_list("id", flat=True)):
        proposal = lock_proposal(proposal_id)  # with its job: an acceptance may just have committed
        if proposal.state not in sources:
            continue
        end_proposal(proposal, "withdraw")
        offer = live_offer_of(proposal)
        if offer is not None:
            step = rules.OFFER.check("decline", offer.state)
            Offer.objects.filter(id=offer.id).update(state=step, ended_at=proposal.ended_at, version=F("version") + 1)
        ended += 1
    return ended
