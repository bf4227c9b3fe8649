"""Staff who look as somebody else: seen by the person, and ended by the page that shows the banner."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity.actions import impersonation
from domains.identity.api.serializers.impersonation import ImpersonationOut, render_impersonation
from domains.identity.queries.impersonation import impersonations_of
from kelmah.errors import NotFound
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery
from kelmah.http.views import View


class MyImpersonations(View):
    permission_classes = [Authenticated]

    @operation(
        summary="When staff looked at Kelmah as me, and why",
        query=PageQuery,
        response=ImpersonationOut,
        example_response={
            "items": [
                {
                    "id": "01930d2a-0f00-7e66-8e66-7a0b9d4f2c07",
                    "reason": "Asked us why the proposal is not shown, ticket 4711",
                    "begun_at": "2026-11-21T09:00:00Z",
                    "ended_at": "2026-11-21T09:12:00Z",
                }
            ],
            "next": None,
        },
    )
    def get(self, request: Request) -> Response:
        mine = impersonations_of(request.user.user_id)
        return keyset_page(
            request, mine, order=("-begun_at", "-id"), render=render_impersonation, scope="impersonations"
        )


class ImpersonationEnd(View):
    permission_classes = [Authenticated]
    refuses_impersonation = False

    @operation(
        summary="Stop looking as somebody else",
        description="For staff, with the token of the impersonation. It is refused from then on.",
        errors=[NotFound],
    )
    def post(self, request: Request) -> Response:
        if request.user.impersonated_by is None:
            raise NotFound("You are nobody but yourself.")
        impersonation.end(impersonation_id=request.user.session_id)
        return Response(status=204)
