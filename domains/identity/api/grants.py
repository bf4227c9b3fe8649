"""Roles of staff: asked for by one, approved by another; and who holds what."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity.actions import grants, role_requests
from domains.identity.api.serializers.grants import (
    ApprovalIn,
    GrantQuery,
    RefusalIn,
    RoleGrantOut,
    RoleRequestIn,
    RoleRequestOut,
    RoleRequestQuery,
    WithdrawalIn,
    render_grant,
    render_request,
)
from domains.identity.models import RoleRequest
from domains.identity.queries import grants as queries
from domains.identity.rules import AlreadyGranted
from domains.identity.rules import grants as rules
from kelmah.errors import Forbidden, InvalidTransition, NotFound
from kelmah.http.errors import WrongRole
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Can
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

EFUA = {"id": "01930d2a-0a00-7b22-8c22-4d8b7b2e0a11", "name": "Efua Owusu"}
KOFI = {"id": "01930d2a-0a00-7b22-8c22-4d8b7b2e0a12", "name": "Kofi Boateng"}
REQUEST = {
    "id": "01930d2a-0e00-7d55-8d55-6f9a8d3f1b01",
    "user": KOFI,
    "role": "support",
    "reason": "Joins the support team",
    "expires_at": None,
    "state": "open",
    "asked_by": EFUA,
    "asked_at": "2026-11-21T09:00:00Z",
    "decided_by": None,
    "decided_at": None,
    "note": "",
    "version": 1,
    "available_transitions": ["withdraw"],
}
GRANT = {
    "id": "01930d2a-0e00-7d55-8d55-6f9a8d3f1b02",
    "user": KOFI,
    "role": "support",
    "scope_kind": "",
    "scope_id": "",
    "granted_by": EFUA,
    "approved_by": {"id": "01930d2a-0a00-7b22-8c22-4d8b7b2e0a13", "name": "Yaa Asante"},
    "reason": "Joins the support team",
    "granted_at": "2026-11-21T10:00:00Z",
    "expires_at": None,
    "ended_at": None,
    "end_reason": "",
}
_Asks, _Decides = Can("identity.request_grant"), Can("identity.approve_grant")
_Decision = [NotFound, rules.OwnRequest, WrongRole, InvalidTransition]


class StaffView(View):
    """Rights change here: only with a fresh proof, and never by a token that may have died."""

    for_staff = True
    needs_fresh_proof = True


class RoleRequestList(StaffView):
    permission_classes = [_Asks]

    @operation(
        summary="Roles that staff asked for, newest first (compliance, admin)",
        query=RoleRequestQuery,
        response=RoleRequestOut,
        page=True,
        example_response={"items": [REQUEST], "next": None},
    )
    def get(self, request: Request) -> Response:
        state = valid(RoleRequestQuery, request.query_params).get("state")
        found = queries.all_requests()
        return keyset_page(
            request,
            found.filter(state=state) if state else found,
            order=("-asked_at", "-id"),
            render=lambda asked: render_request(asked, request.user.user_id),
            scope=f"role_requests:{state or ''}",
        )

    @operation(
        summary="Ask that an account of staff be given a role (compliance, admin)",
        description="Somebody else of staff approves within 7 days. Nobody asks for themselves.",
        request=RoleRequestIn,
        response=RoleRequestOut,
        status=201,
        errors=[NotFound, Forbidden, rules.NotStaff, AlreadyGranted, rules.AlreadyAsked],
        example_request={"user_id": KOFI["id"], "role": "support", "reason": "Joins the support team"},
        example_response=REQUEST,
    )
    def post(self, request: Request) -> Response:
        asked = role_requests.ask(by_id=request.user.user_id, **valid(RoleRequestIn, request.data))
        return _answer(request, asked, status=201)


class RoleRequestDetail(StaffView):
    permission_classes = [_Asks]

    @operation(
        summary="One request for a role (compliance, admin)",
        response=RoleRequestOut,
        errors=[NotFound],
        example_response=REQUEST,
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        asked = queries.request(request_id)
        return with_etag(Response(render_request(asked, request.user.user_id)), asked.version)


class RoleRequestApprove(StaffView):
    permission_classes = [_Decides]

    @operation(
        summary="Give the role that somebody else asked for (compliance, admin)",
        description="Refused to whoever asked and to whoever would get it, whatever their rights.",
        request=ApprovalIn,
        response=RoleRequestOut,
        errors=[*_Decision, rules.NotStaff, AlreadyGranted],
        example_request={"note": "Checked with the team lead"},
        example_response={**REQUEST, "state": "approved", "version": 2, "available_transitions": []},
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        version = expected_version(request)
        note = valid(ApprovalIn, request.data)["note"]
        by_id = request.user.user_id
        asked = role_requests.approve(request_id=request_id, by_id=by_id, expected_version=version, note=note)
        return _answer(request, asked)


class RoleRequestDecline(StaffView):
    permission_classes = [_Decides]

    @operation(
        summary="Refuse what somebody else asked for, and say why (compliance, admin)",
        request=RefusalIn,
        response=RoleRequestOut,
        errors=_Decision,
        example_request={"note": "Not yet trained"},
        example_response={**REQUEST, "state": "declined", "version": 2, "available_transitions": []},
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        version = expected_version(request)
        note = valid(RefusalIn, request.data)["note"]
        by_id = request.user.user_id
        asked = role_requests.decline(request_id=request_id, by_id=by_id, expected_version=version, note=note)
        return _answer(request, asked)


class RoleRequestWithdraw(StaffView):
    permission_classes = [_Asks]

    @operation(
        summary="Take back what I asked for (compliance, admin)",
        response=RoleRequestOut,
        errors=[NotFound, Forbidden, InvalidTransition],
        example_response={**REQUEST, "state": "withdrawn", "version": 2, "available_transitions": []},
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        version = expected_version(request)
        asked = role_requests.withdraw(request_id=request_id, by_id=request.user.user_id, expected_version=version)
        return _answer(request, asked)


class GrantList(StaffView):
    permission_classes = [Can("identity.view_grants")]

    @operation(
        summary="Who holds which role, newest first (compliance, admin)",
        query=GrantQuery,
        response=RoleGrantOut,
        page=True,
        example_response={"items": [GRANT], "next": None},
    )
    def get(self, request: Request) -> Response:
        wanted = valid(GrantQuery, request.query_params)
        user_id, ended = wanted.get("user_id"), wanted["ended"]
        found = queries.all_grants() if ended else queries.all_grants().filter(ended_at__isnull=True)
        return keyset_page(
            request,
            found.filter(user_id=user_id) if user_id else found,
            order=("-granted_at", "-id"),
            render=render_grant,
            scope=f"grants:{user_id or ''}:{ended}",
        )


class GrantWithdraw(StaffView):
    permission_classes = [_Asks]

    @operation(
        summary="Take a role away at once (compliance, admin)",
        description="One of staff is enough. Access tokens that say the role die at once. What is held within a scope, "
        "as a company, is for whom the scope belongs to.",
        request=WithdrawalIn,
        errors=[NotFound, rules.OfAScope],
        example_request={"reason": "Left the team"},
    )
    def post(self, request: Request, grant_id: UUID) -> Response:
        reason = valid(WithdrawalIn, request.data)["reason"]
        grants.withdraw_role(grant_id=grant_id, by_id=request.user.user_id, reason=reason)
        return Response(status=204)


# Private functions


def _answer(request: Request, asked: RoleRequest, *, status: int = 200) -> Response:
    shown = queries.request(asked.id)
    return with_etag(Response(render_request(shown, request.user.user_id), status=status), shown.version)
