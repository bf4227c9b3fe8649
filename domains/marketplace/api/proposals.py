"""Proposals over REST."""

from collections.abc import Callable
from uuid import UUID

import orjson
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from domains.marketplace import actions, queries, rules
from domains.marketplace.api import examples
from domains.marketplace.api.jobs import page_of
from domains.marketplace.api.serializers.inputs import ProposalIn
from domains.marketplace.api.serializers.outputs import ProposalOut, render_proposal, render_worker
from domains.marketplace.models import Proposal
from kelmah.errors import InvalidTransition, NotFound
from kelmah.http.cursors import read_cursor, read_limit
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.permissions import Authenticated, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery, valid
from kelmah.http.views import View

_Hirer, _Worker = Can("marketplace.choose_proposals"), Can("marketplace.send_proposals")


class ProposalsOfJob(View):
    def get_permissions(self) -> list[BasePermission]:
        return [_Worker() if self.request.method == "POST" else _Hirer()]

    @operation(
        summary="Proposals to my job, newest first",
        description="Each with its worker's public profile, which is null while profiles can't be read.",
        query=PageQuery,
        response=ProposalOut,
        errors=[NotFound],
        page=True,
        example_response={"items": [examples.RECEIVED], "next": None},
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        job = queries.access_own_job(job_id=job_id, by=request.user)
        scope = f"proposals:{job.id}"
        after = read_cursor(request, scope)
        page = queries.proposals_of_job(job_id=job.id, limit=read_limit(request), after=after[0] if after else None)
        items = orjson.loads(page.items)
        profiles = queries.worker_profiles({UUID(item["worker_id"]) for item in items})
        for item in items:
            profile = profiles.get(UUID(item["worker_id"]))
            item["worker"] = render_worker(profile) if profile else None
        return page_of(request, page, scope=scope, items=items)

    @operation(
        summary="Propose to do an open job",
        description="One live proposal per worker and job. It ends after seven days of silence.",
        request=ProposalIn,
        response=ProposalOut,
        status=201,
        errors=[NotFound, rules.OwnJob, rules.JobNotOpen, rules.AlreadyProposed],
        dry_run=True,
        example_request=examples.NEW_PROPOSAL,
        example_response=examples.PROPOSAL,
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        proposal = actions.submit_proposal(job_id=job_id, by=request.user, **valid(ProposalIn, request.data))
        return _answer(proposal, request, status=201)


class MyProposals(View):
    permission_classes = (_Worker,)

    @operation(
        summary="My proposals, newest first",
        query=PageQuery,
        response=ProposalOut,
        page=True,
        example_response={"items": [examples.PROPOSAL], "next": None},
    )
    def get(self, request: Request) -> Response:
        after = read_cursor(request, "my-proposals")
        page = queries.proposals_of_worker(
            worker_id=request.user.user_id, limit=read_limit(request), after=after[0] if after else None
        )
        return page_of(request, page, scope="my-proposals")


class ProposalDetail(View):
    permission_classes = [Authenticated]

    @operation(
        summary="A proposal that I made or received",
        response=ProposalOut,
        errors=[NotFound],
        example_response=examples.RECEIVED,
    )
    def get(self, request: Request, proposal_id: UUID) -> Response:
        return _answer(queries.access_proposal(proposal_id=proposal_id, by=request.user), request)


class ProposalWithdraw(View):
    permission_classes = (_Worker,)

    @operation(
        summary="Take my proposal back; an offer made on it is declined",
        response=ProposalOut,
        errors=[NotFound, rules.NotTheWorker, InvalidTransition],
        if_match=True,
        dry_run=True,
        example_response={**examples.PROPOSAL, "state": "withdrawn", "version": 2, "available_transitions": []},
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        return _step(actions.withdraw_proposal, request, proposal_id)


class ProposalView(View):
    permission_classes = (_Hirer,)

    @operation(
        summary="Say that I have read a proposal; its seven days begin anew",
        response=ProposalOut,
        errors=[NotFound, rules.NotTheHirer, InvalidTransition],
        if_match=True,
        dry_run=True,
        name="marketplace_post_proposal_view",
        example_response={**examples.RECEIVED, "state": "viewed", "version": 2},
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        return _step(actions.view_proposal, request, proposal_id)


class ProposalShortlist(View):
    permission_classes = (_Hirer,)

    @operation(
        summary="Keep a proposal: silence no longer ends it",
        response=ProposalOut,
        errors=[NotFound, rules.NotTheHirer, InvalidTransition],
        if_match=True,
        dry_run=True,
        example_response={**examples.RECEIVED, "state": "shortlisted", "version": 2},
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        return _step(actions.shortlist_proposal, request, proposal_id)


class ProposalDecline(View):
    permission_classes = (_Hirer,)

    @operation(
        summary="Say no to a proposal",
        response=ProposalOut,
        errors=[NotFound, rules.NotTheHirer, InvalidTransition],
        if_match=True,
        dry_run=True,
        example_response={**examples.RECEIVED, "state": "declined", "version": 2, "available_transitions": []},
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        return _step(actions.decline_proposal, request, proposal_id)


# Private functions


def _step(action: Callable[..., Proposal], request: Request, proposal_id: UUID) -> Response:
    proposal = action(proposal_id=proposal_id, by=request.user, expected_version=expected_version(request))
    return _answer(proposal, request)


def _answer(proposal: Proposal, request: Request, *, status: int = 200) -> Response:
    viewer_id = request.user.user_id
    # Only the hirer asks who the other one is, and by now no transaction is open.
    profiles = queries.worker_profiles([proposal.worker_id]) if viewer_id == proposal.job.hirer_id else {}
    body = render_proposal(
        proposal,
        viewer_id=viewer_id,
        offer=queries.latest_offer_of(proposal),
        worker=profiles.get(proposal.worker_id),
    )
    return with_etag(Response(body, status=status), proposal.version)
