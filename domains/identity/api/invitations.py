"""Invitations into companies: those that a company sends, and those that somebody got."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity.actions import invitations
from domains.identity.api.companies import COMPANY
from domains.identity.api.serializers.companies import (
    CompanyOut,
    InvitationIn,
    InvitationOut,
    MyInvitationOut,
    TokenIn,
    render_company,
    render_invitation,
    render_my_invitation,
)
from domains.identity.models import CompanyInvitation
from domains.identity.queries import account_of
from domains.identity.queries import companies as queries
from domains.identity.rules import companies as rules
from kelmah.errors import InvalidTransition, NotFound
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Anyone, HasRole
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery, valid
from kelmah.http.views import View

INVITATION = {
    "id": "01930d2a-0c00-7c33-9d33-5e9c7c3f1a88",
    "email": "esi@example.com",
    "role": "hiring",
    "state": "pending",
    "invited_by": "Ama",
    "sendings": 1,
    "created_at": "2026-11-20T09:00:00Z",
    "expires_at": "2026-11-27T09:00:00Z",
    "version": 1,
    "available_transitions": ["resend", "withdraw"],
}
MINE = {
    "id": INVITATION["id"],
    "company": {name: COMPANY[name] for name in ("id", "name", "size", "industry", "place")},
    "role": "hiring",
    "invited_by": "Ama",
    "expires_at": "2026-11-27T09:00:00Z",
}
TOKEN = {"token": "pT3q0bq0yq8oY3Vw0c4VbQ0rJt4i5n6m7l8k9j0h1gA"}
JOINED = {**COMPANY, "my_role": "hiring", "i_may": ["act_for", "leave", "see"]}
_Member = HasRole("worker", "hirer")
_Refusals = [rules.CompanyNotFound, rules.CompanyRoleMissing]


class CompanyInvitations(View):
    permission_classes = [_Member]

    @operation(
        summary="Who was invited into a company, newest first (owner, admin)",
        query=PageQuery,
        response=InvitationOut,
        page=True,
        errors=_Refusals,
        example_response={"items": [INVITATION], "next": None},
    )
    def get(self, request: Request, company_id: UUID) -> Response:
        mine = queries.access_member(company_id=company_id, user_id=request.user.user_id)
        rules.check_may(mine.role, "invite")
        return keyset_page(
            request,
            queries.invitations_of(mine.company),
            order=("-created_at", "-id"),
            render=render_invitation,
            scope=f"invitations:{company_id}",
        )

    @operation(
        summary="Invite somebody by e-mail (owner, admin)",
        description="The link in the letter is good for 7 days. The answer is the same whether the address has an "
        "account or not. Only the owner invites admins.",
        request=InvitationIn,
        response=InvitationOut,
        status=201,
        errors=[*_Refusals, rules.AlreadyInvited, rules.CompanyFull],
        example_request={"email": "esi@example.com", "role": "hiring"},
        example_response=INVITATION,
    )
    def post(self, request: Request, company_id: UUID) -> Response:
        invitation = invitations.invite(
            company_id=company_id, by_id=request.user.user_id, **valid(InvitationIn, request.data)
        )
        return _answer(invitation, status=201)


class InvitationResend(View):
    permission_classes = [_Member]

    @operation(
        summary="Send another letter, good for 7 days from now (owner, admin)",
        description="The link of the one before stops working.",
        response=InvitationOut,
        errors=[*_Refusals, NotFound, InvalidTransition, rules.SentTooOften, rules.AlreadyInvited],
        example_response={**INVITATION, "sendings": 2, "version": 2},
    )
    def post(self, request: Request, company_id: UUID, invitation_id: UUID) -> Response:
        invitation = invitations.resend(
            company_id=company_id,
            invitation_id=invitation_id,
            by_id=request.user.user_id,
            expected_version=expected_version(request),
        )
        return _answer(invitation)


class InvitationWithdraw(View):
    permission_classes = [_Member]

    @operation(
        summary="Take an invitation back (owner, admin)",
        response=InvitationOut,
        errors=[*_Refusals, NotFound, InvalidTransition],
        example_response={**INVITATION, "state": "withdrawn", "version": 2, "available_transitions": []},
    )
    def post(self, request: Request, company_id: UUID, invitation_id: UUID) -> Response:
        invitation = invitations.withdraw(
            company_id=company_id,
            invitation_id=invitation_id,
            by_id=request.user.user_id,
            expected_version=expected_version(request),
        )
        return _answer(invitation)


class MyInvitations(View):
    permission_classes = [_Member]

    @operation(
        summary="Open invitations to my address",
        query=PageQuery,
        response=MyInvitationOut,
        page=True,
        example_response={"items": [MINE], "next": None},
    )
    def get(self, request: Request) -> Response:
        mine = queries.invitations_for(account_of(request.user.user_id))
        return keyset_page(
            request, mine, order=("-created_at", "-id"), render=render_my_invitation, scope="my-invitations"
        )


class MyInvitationAccept(View):
    permission_classes = [_Member]

    @operation(
        summary="Join the company that invited me",
        response=CompanyOut,
        errors=[NotFound, rules.InvitationOver, rules.AlreadyMember, rules.CompanyFull],
        example_response=JOINED,
    )
    def post(self, request: Request, invitation_id: UUID) -> Response:
        member = invitations.accept(user_id=request.user.user_id, invitation_id=invitation_id)
        return Response(render_company(member))


class MyInvitationDecline(View):
    permission_classes = [_Member]

    @operation(summary="Decline an invitation", errors=[NotFound, rules.InvitationOver])
    def post(self, request: Request, invitation_id: UUID) -> Response:
        invitations.decline(user_id=request.user.user_id, invitation_id=invitation_id)
        return Response(status=204)


class InvitationAccept(View):
    """With the token of the letter: also for whoever has an account with another address."""

    permission_classes = [_Member]
    rate_class = "auth"

    @operation(
        summary="Join a company with the link of its letter",
        description="Whoever has no account yet signs up first.",
        request=TokenIn,
        response=CompanyOut,
        errors=[rules.InvitationTokenInvalid, rules.InvitationOver, rules.AlreadyMember, rules.CompanyFull],
        example_request=TOKEN,
        example_response=JOINED,
    )
    def post(self, request: Request) -> Response:
        member = invitations.accept(user_id=request.user.user_id, **valid(TokenIn, request.data))
        return Response(render_company(member))


class InvitationDecline(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Decline an invitation with the link of its letter, without any account",
        request=TokenIn,
        errors=[rules.InvitationTokenInvalid, rules.InvitationOver],
        example_request=TOKEN,
    )
    def post(self, request: Request) -> Response:
        invitations.decline(user_id=None, **valid(TokenIn, request.data))
        return Response(status=204)


# Private functions


def _answer(invitation: CompanyInvitation, *, status: int = 200) -> Response:
    return with_etag(Response(render_invitation(invitation), status=status), invitation.version)
