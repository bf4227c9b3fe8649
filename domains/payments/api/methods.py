"""Payout methods over REST."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.payments import rules
from domains.payments.actions import methods
from domains.payments.api.serializers.methods import PayoutMethodIn, PayoutMethodOut, render_method
from domains.payments.queries.methods import access_method, methods_of
from kelmah.errors import NotFound
from kelmah.http.etag import with_etag
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Authenticated, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery, valid
from kelmah.http.views import View

METHOD = {
    "id": "01930d2e-0200-7a02-8a02-0a1b2c3d4e60",
    "type": "sandbox",
    "hint": "…cess",
    "state": "checking",
    "version": 1,
    "available_transitions": ["remove"],
    "created_at": "2026-11-20T09:00:00Z",
    "usable_at": "2026-11-21T09:00:00Z",
}


class PayoutMethods(View):
    permission_classes = [Can("payments.request_payout")]
    needs_fresh_proof = True

    @operation(
        summary="Where I am paid to, the newest first",
        query=PageQuery,
        response=PayoutMethodOut,
        example_response={"items": [METHOD], "next": None},
    )
    def get(self, request: Request) -> Response:
        mine = methods_of(request.user.user_id)
        return keyset_page(request, mine, order=("-created_at", "-id"), render=render_method, scope="payout-methods")

    @operation(
        summary="Add an account of mine to be paid to",
        description=(
            "The name in which it is kept is compared with mine; if they differ, staff look. It can be used after 24 "
            f"hours, and I am told at once. At most {rules.MOST_METHODS} at a time."
        ),
        request=PayoutMethodIn,
        response=PayoutMethodOut,
        status=201,
        errors=[rules.GatewayNotOffered, rules.MethodKnown, rules.TooManyMethods],
        example_request={"destination": {"type": "sandbox", "account": "acct_success"}},
        example_response=METHOD,
    )
    def post(self, request: Request) -> Response:
        account = valid(PayoutMethodIn, request.data)["destination"]
        method = methods.add(by=request.user, gateway=account.gateway, destination=account.text, hint=account.hint)
        return with_etag(Response(render_method(method), status=201), method.version)


class PayoutMethodDetail(View):
    permission_classes = [Authenticated]

    @operation(
        summary="One of my payout methods, also one that ended",
        response=PayoutMethodOut,
        errors=[NotFound],
        example_response={**METHOD, "state": "active", "version": 2},
    )
    def get(self, request: Request, method_id: UUID) -> Response:
        method = access_method(method_id=method_id, by=request.user)
        return with_etag(Response(render_method(method)), method.version)

    @operation(
        summary="Remove a payout method",
        description="Its number is forgotten at once.",
        errors=[NotFound, rules.MethodInUse],
    )
    def delete(self, request: Request, method_id: UUID) -> Response:
        methods.remove(by=request.user, method_id=method_id)
        return Response(status=204)
