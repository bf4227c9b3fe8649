"""Disputes about milestones over REST."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.contracts import rules
from domains.contracts.actions import disputes
from domains.contracts.api import examples
from domains.contracts.api.milestones import answer
from domains.contracts.api.serializers import DisputeIn, MilestoneOut
from kelmah.errors import InvalidTransition, NotFound
from kelmah.http.etag import expected_version
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View


class MilestoneDispute(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Dispute a milestone whose money is protected",
        description="The money is frozen and the clock of the review stands still until the dispute is over.",
        request=DisputeIn,
        response=MilestoneOut,
        errors=[NotFound, rules.MilestoneDisputed, InvalidTransition],
        if_match=True,
        dry_run=True,
        example_request=examples.DISPUTE,
        example_response=examples.DISPUTED,
    )
    def post(self, request: Request, milestone_id: UUID) -> Response:
        milestone = disputes.open_dispute(
            milestone_id=milestone_id,
            by=request.user,
            expected_version=expected_version(request),
            **valid(DisputeIn, request.data),
        )
        return answer(milestone, request)


class MilestoneWithdrawDispute(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Take my dispute back",
        description="The clock of the review goes on with what it had left.",
        response=MilestoneOut,
        errors=[NotFound, rules.NotDisputed, rules.NotTheOpener],
        if_match=True,
        dry_run=True,
        example_response=examples.MILESTONE,
    )
    def post(self, request: Request, milestone_id: UUID) -> Response:
        milestone = disputes.withdraw_dispute(
            milestone_id=milestone_id, by=request.user, expected_version=expected_version(request)
        )
        return answer(milestone, request)
