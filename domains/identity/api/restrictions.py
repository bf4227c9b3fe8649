"""What I may not do for a time, why, and asking a human to look at it."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity.actions import restrictions
from domains.identity.api.serializers.restrictions import AppealIn, RestrictionOut, render_restriction
from domains.identity.queries.restrictions import restrictions_of
from domains.identity.rules import restrictions as rules
from kelmah.errors import InvalidTransition, NotFound
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery, valid
from kelmah.http.views import View

RESTRICTION = {
    "id": "01930d2a-0f00-7e66-8e66-7a0b9d4f2c77",
    "kind": "posting",
    "takes": ["marketplace.post_jobs"],
    "code": "spam",
    "reason": "You sent the same to many people, or posted what is no job.",
    "evidence": "The jobs “Easy money” of 3, 4 and 5 November have one text.",
    "by_machine": True,
    "imposed_at": "2026-11-21T09:00:00Z",
    "until": "2026-12-05T09:00:00Z",
    "state": "active",
    "appeal": "",
    "appeal_until": "2026-12-21T09:00:00Z",
    "appealed_at": None,
    "decided_at": None,
    "note": "",
    "version": 1,
    "available_transitions": ["appeal"],
}
APPEAL = {"text": "They are three jobs at three sites; I forgot to name the places."}


class MyRestrictions(View):
    permission_classes = [Authenticated]

    @operation(
        summary="What I may not do for a time, and why, newest first",
        description="Those that are over, too.",
        query=PageQuery,
        response=RestrictionOut,
        page=True,
        example_response={"items": [RESTRICTION], "next": None},
    )
    def get(self, request: Request) -> Response:
        return keyset_page(
            request,
            restrictions_of(request.user.user_id),
            order=("-imposed_at", "-id"),
            render=render_restriction,
            scope="restrictions",
        )


class RestrictionAppeal(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Ask a human to look at a restriction",
        description="Once, within 30 days; somebody else than who imposed it decides. What a machine imposed is lifted "
        "when nobody answers within 7 days.",
        request=AppealIn,
        response=RestrictionOut,
        errors=[NotFound, InvalidTransition, rules.AppealTooLate],
        example_request=APPEAL,
        example_response={
            **RESTRICTION, "state": "appealed", "appeal": APPEAL["text"], "appealed_at": "2026-11-21T10:00:00Z",
            "version": 2, "available_transitions": [],
        },
    )  # fmt: skip
    def post(self, request: Request, restriction_id: UUID) -> Response:
        restriction = restrictions.appeal(
            user_id=request.user.user_id,
            restriction_id=restriction_id,
            expected_version=expected_version(request),
            **valid(AppealIn, request.data),
        )
        return with_etag(Response(render_restriction(restriction)), restriction.version)
