"""Milestones over REST."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.contracts import actions, queries, rules
from domains.contracts.actions.funding import InsufficientFunds
from domains.contracts.api import examples
from domains.contracts.api.serializers import ChangesIn, MilestoneOut, SubmitIn, render_milestone
from domains.contracts.models import Milestone
from kelmah.errors import InvalidTransition, NotFound, Unavailable
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View
from kelmah.interfaces.files.calls import FileNotAttachable


class MilestoneDetail(View):
    permission_classes = [Authenticated]

    @operation(
        summary="A milestone of one of my contracts",
        response=MilestoneOut,
        errors=[NotFound],
        example_response=examples.MILESTONE,
    )
    def get(self, request: Request, milestone_id: UUID) -> Response:
        milestone = queries.access_milestone(milestone_id=milestone_id, by=request.user)
        role = queries.role_of(milestone.contract, request.user.user_id) or ""
        return with_etag(Response(render_milestone(milestone, role=role)), milestone.version)


class MilestoneFund(View):
    permission_classes = [Authenticated]
    idempotency_required = True

    @operation(
        summary="Fund the milestone from my wallet (hirer)",
        description="Answers 202: the milestone is `funded` as soon as the money is protected, within a second or so.",
        response=MilestoneOut,
        status=202,
        errors=[
            NotFound,
            rules.NotTheHirer,
            InvalidTransition,
            rules.ContractNotActive,
            InsufficientFunds,
            Unavailable,
        ],
        if_match=True,
        dry_run=True,
        example_response={**examples.MILESTONE, "state": "awaiting_funds", "available_transitions": []},
    )
    def post(self, request: Request, milestone_id: UUID) -> Response:
        milestone = actions.request_funding(
            milestone_id=milestone_id, by=request.user, expected_version=expected_version(request)
        )
        return answer(milestone, request, status=202)


class MilestoneStart(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Say that work has begun (worker)",
        response=MilestoneOut,
        errors=[NotFound, rules.NotTheWorker, rules.MilestoneDisputed, InvalidTransition],
        if_match=True,
        dry_run=True,
        example_response={**examples.MILESTONE, "state": "in_progress", "available_transitions": ["submit"]},
    )
    def post(self, request: Request, milestone_id: UUID) -> Response:
        milestone = actions.start_milestone(
            milestone_id=milestone_id, by=request.user, expected_version=expected_version(request)
        )
        return answer(milestone, request)


class MilestoneSubmit(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Hand in the work (worker)",
        description="From now, 14 days of silence accept it.",
        request=SubmitIn,
        response=MilestoneOut,
        errors=[
            NotFound,
            rules.NotTheWorker,
            rules.MilestoneDisputed,
            InvalidTransition,
            FileNotAttachable,
            Unavailable,
        ],
        if_match=True,
        dry_run=True,
        example_request=examples.SUBMIT,
        example_response=examples.MILESTONE,
    )
    def post(self, request: Request, milestone_id: UUID) -> Response:
        milestone = actions.submit_milestone(
            milestone_id=milestone_id,
            by=request.user,
            expected_version=expected_version(request),
            **valid(SubmitIn, request.data),
        )
        return answer(milestone, request)


class MilestoneRequestChanges(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Send the work back with a note (hirer)",
        request=ChangesIn,
        response=MilestoneOut,
        errors=[NotFound, rules.NotTheHirer, rules.MilestoneDisputed, InvalidTransition],
        if_match=True,
        dry_run=True,
        example_request=examples.CHANGES,
        example_response={**examples.MILESTONE, "state": "changes_requested", "available_transitions": []},
    )
    def post(self, request: Request, milestone_id: UUID) -> Response:
        milestone = actions.request_changes(
            milestone_id=milestone_id,
            by=request.user,
            expected_version=expected_version(request),
            **valid(ChangesIn, request.data),
        )
        return answer(milestone, request)


class MilestoneApprove(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Accept the work (hirer); the worker is paid",
        description="Answers with state `approved`; `released` follows as soon as the money has moved.",
        response=MilestoneOut,
        errors=[NotFound, rules.NotTheHirer, rules.MilestoneDisputed, InvalidTransition],
        if_match=True,
        dry_run=True,
        example_response={**examples.MILESTONE, "state": "approved", "available_transitions": []},
    )
    def post(self, request: Request, milestone_id: UUID) -> Response:
        milestone = actions.approve_milestone(
            milestone_id=milestone_id, by=request.user, expected_version=expected_version(request)
        )
        return answer(milestone, request)


def answer(milestone: Milestone, request: Request, *, status: int = 200) -> Response:
    """The milestone as whoever asks sees it, with its ETag."""
    role = queries.role_of(milestone.contract, request.user.user_id) or ""
    return with_etag(Response(render_milestone(milestone, role=role), status=status), milestone.version)
