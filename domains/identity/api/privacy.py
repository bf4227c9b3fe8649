"""What everybody may ask about their own data: a copy of it, and its end."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity.actions import erasures, exports
from domains.identity.api.serializers.privacy import (
    ErasureOut,
    ExportDetailOut,
    ExportLinkOut,
    ExportOut,
    render_erasure,
    render_export,
    render_export_detail,
)
from domains.identity.queries import data_requests as queries
from domains.identity.rules import privacy as rules
from kelmah.errors import InvalidTransition, NotFound
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import HasRole
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery
from kelmah.http.views import View

EXPORT = {
    "id": "01930d2a-0d00-7c33-9d33-5e9c7c3f1a99",
    "state": "collecting",
    "requested_at": "2026-11-20T09:00:00Z",
    "ready_at": None,
    "expires_at": None,
    "size": None,
    "downloads": 0,
}
READY = EXPORT | {
    "state": "ready",
    "ready_at": "2026-11-20T09:00:04Z",
    "expires_at": "2026-11-27T09:00:04Z",
    "size": 48213,
}
PART = {"domain": "payments", "state": "done", "answered_at": "2026-11-20T09:00:02Z"}
ERASURE = {
    "id": "01930d2a-0e00-7c33-9d33-5e9c7c3f1aaa",
    "state": "cooling_off",
    "requested_at": "2026-11-20T09:00:00Z",
    "due_at": "2026-12-04T09:00:00Z",
    "finish_by": "2026-12-20T09:00:00Z",
    "reasons": [],
    "version": 1,
    "available_transitions": ["withdraw"],
}
HELD = ERASURE | {
    "state": "held",
    "reasons": [{"domain": "payments", "reason": "money_in_wallet", "count": 1}],
    "version": 3,
}
_Member = HasRole("worker", "hirer")


class MyExports(View):
    permission_classes = [_Member]
    needs_fresh_proof = True

    @operation(
        summary="Copies of my data, newest first",
        query=PageQuery,
        response=ExportOut,
        page=True,
        example_response={"items": [READY], "next": None},
    )
    def get(self, request: Request) -> Response:
        mine = queries.exports_of(request.user.user_id)
        return keyset_page(request, mine, order=("-requested_at", "-id"), render=render_export, scope="my-exports")

    @operation(
        summary="Ask for a copy of all my data",
        description="A zip of JSON from every part of Kelmah, and the files I uploaded. Normally ready within minutes; "
        "I am told. Kept for seven days. One a day.",
        response=ExportOut,
        status=202,
        errors=[rules.ExportTooSoon],
        example_response=EXPORT,
    )
    def post(self, request: Request) -> Response:
        return Response(render_export(exports.request_export(user_id=request.user.user_id)), status=202)


class MyExport(View):
    permission_classes = [_Member]

    @operation(
        summary="How far a copy of my data is",
        response=ExportDetailOut,
        errors=[NotFound],
        example_response=READY | {"parts": [PART]},
    )
    def get(self, request: Request, export_id: UUID) -> Response:
        export = queries.access_export(export_id=export_id, user_id=request.user.user_id)
        return Response(render_export_detail(export))


class MyExportLink(View):
    """The answer holds a permission: none is kept for an Idempotency-Key."""

    permission_classes = [_Member]
    needs_fresh_proof = True
    idempotency_domain = ""

    @operation(
        summary="A link to the archive, good for 60 seconds",
        response=ExportLinkOut,
        errors=[NotFound, rules.ExportNotReady],
        example_response={"url": "/api/v1/files/content/WyIwMTkzMGQ…", "expires_in": 60},
    )
    def post(self, request: Request, export_id: UUID) -> Response:
        url = exports.link_to_export(export_id=export_id, user_id=request.user.user_id)
        return Response({"url": url, "expires_in": 60})


class MyErasure(View):
    permission_classes = [_Member]
    needs_fresh_proof = True

    @operation(summary="How far my erasure is", response=ErasureOut, errors=[rules.NoErasure], example_response=HELD)
    def get(self, request: Request) -> Response:
        erasure = queries.erasure_of(request.user.user_id)
        return with_etag(Response(render_erasure(erasure)), erasure.version)

    @operation(
        summary="Ask to be erased",
        description=f"Withdraw it within {rules.COOLING_OFF.days} days, or for as long as something stands against it: "
        "money, protected funds, open contracts, companies with other members. Then every part of Kelmah deletes or "
        "empties what it holds, and there is no way back.",
        response=ErasureOut,
        status=202,
        errors=[rules.ErasureAskedAlready, rules.StaffStays],
        example_response=ERASURE,
    )
    def post(self, request: Request) -> Response:
        erasure = erasures.request_erasure(user_id=request.user.user_id)
        return with_etag(Response(render_erasure(erasure), status=202), erasure.version)


class MyErasureWithdraw(View):
    permission_classes = [_Member]

    @operation(
        summary="Stay after all",
        response=ErasureOut,
        errors=[rules.NoErasure, InvalidTransition],
        example_response=ERASURE | {"state": "withdrawn", "version": 2, "available_transitions": []},
    )
    def post(self, request: Request) -> Response:
        erasure = erasures.withdraw_erasure(user_id=request.user.user_id, expected_version=expected_version(request))
        return with_etag(Response(render_erasure(erasure)), erasure.version)
