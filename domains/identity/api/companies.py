"""Companies: what they are, and who is in them."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity.actions import companies, memberships
from domains.identity.api.serializers.companies import (
    ActForIn,
    ActingOut,
    CompanyCardsOut,
    CompanyChangesIn,
    CompanyIn,
    CompanyOut,
    HandOverIn,
    MemberChangesIn,
    MemberOut,
    render_company,
    render_company_card,
    render_member,
)
from domains.identity.models import CompanyMember
from domains.identity.queries import companies as queries
from domains.identity.queries import public_profile
from domains.identity.rules import companies as rules
from kelmah.errors import NotFound
from kelmah.http.authentication import caller_of
from kelmah.http.errors import TokenInvalid
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Anyone, HasRole
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery, valid
from kelmah.http.views import View

NEW = {
    "name": "Accra Joinery Ltd",
    "size": "11-50",
    "industry": "construction",
    "place": {"name": "Osu, Accra", "latitude": 5.556012, "longitude": -0.182231},
}
COMPANY = {
    "id": "01930d2a-0b00-7c33-9d33-5e9c7c3f1a77",
    **NEW,
    "owner_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02",
    "version": 1,
    "created_at": "2026-11-20T09:00:00Z",
    "my_role": "owner",
    "i_may": sorted(step for step, roles in rules.MAY.items() if "owner" in roles),
}
CARD = {part: COMPANY[part] for part in ("id", "name", "size", "industry")} | {
    "place": {"name": "Osu, Accra", "latitude": 5.56, "longitude": -0.18}
}
MEMBER = {
    "user_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f05",
    "display_name": "Esi Owusu",
    "role": "hiring",
    "joined_at": "2026-11-21T09:00:00Z",
}
_Member = HasRole("worker", "hirer")


class CompanyList(View):
    permission_classes = [HasRole("hirer")]

    @operation(
        summary="Found a company, as its owner",
        description=f"Nobody owns more than {rules.MOST_OWNED}.",
        request=CompanyIn,
        response=CompanyOut,
        status=201,
        errors=[rules.TooManyCompanies],
        example_request=NEW,
        example_response=COMPANY,
    )
    def post(self, request: Request) -> Response:
        member = companies.found_company(by_id=request.user.user_id, **valid(CompanyIn, request.data))
        return _answer(member, status=201)


class MyCompanies(View):
    permission_classes = [_Member]

    @operation(
        summary="The companies I am in, with my role",
        query=PageQuery,
        response=CompanyOut,
        page=True,
        example_response={"items": [COMPANY], "next": None},
    )
    def get(self, request: Request) -> Response:
        mine = queries.memberships_of(request.user.user_id)
        return keyset_page(request, mine, order=("joined_at", "id"), render=render_company, scope="my-companies")


class CompanyDetail(View):
    permission_classes = [_Member]

    @operation(
        summary="A company of mine", response=CompanyOut, errors=[rules.CompanyNotFound], example_response=COMPANY
    )
    def get(self, request: Request, company_id: UUID) -> Response:
        return _answer(queries.access_member(company_id=company_id, user_id=request.user.user_id))

    @operation(
        summary="Change what a company says of itself (owner, admin)",
        description="What is not named stays.",
        request=CompanyChangesIn,
        response=CompanyOut,
        errors=[rules.CompanyNotFound, rules.CompanyRoleMissing],
        example_request={"size": "51-200"},
        example_response={**COMPANY, "size": "51-200", "version": 2},
    )
    def patch(self, request: Request, company_id: UUID) -> Response:
        member = companies.edit_company(
            company_id=company_id,
            by_id=request.user.user_id,
            expected_version=expected_version(request),
            changes=valid(CompanyChangesIn, request.data),
        )
        return _answer(member)


class CompanyOwner(View):
    permission_classes = [_Member]
    needs_fresh_proof = True

    @operation(
        summary="Hand a company over to another member (owner)",
        description="The owner becomes an admin.",
        request=HandOverIn,
        response=CompanyOut,
        errors=[rules.CompanyNotFound, rules.CompanyRoleMissing, rules.AlreadyMember, rules.TooManyCompanies],
        example_request={"user_id": MEMBER["user_id"]},
        example_response={**COMPANY, "owner_id": MEMBER["user_id"], "my_role": "admin", "version": 2},
    )
    def post(self, request: Request, company_id: UUID) -> Response:
        member = companies.hand_over(
            company_id=company_id,
            by_id=request.user.user_id,
            to_id=valid(HandOverIn, request.data)["user_id"],
            expected_version=expected_version(request),
        )
        return _answer(member)


class CompanyMembers(View):
    permission_classes = [_Member]

    @operation(
        summary="Who is in a company, the oldest first",
        query=PageQuery,
        response=MemberOut,
        page=True,
        errors=[rules.CompanyNotFound],
        example_response={"items": [MEMBER], "next": None},
    )
    def get(self, request: Request, company_id: UUID) -> Response:
        mine = queries.access_member(company_id=company_id, user_id=request.user.user_id)
        return keyset_page(
            request,
            queries.members_of(mine.company),
            order=("joined_at", "id"),
            render=render_member,
            scope=f"members:{company_id}",
        )


class CompanyMemberDetail(View):
    """Rights change here, as the callers' own right to it does: asked again, of the tables, in the action."""

    permission_classes = [_Member]
    needs_fresh_proof = True

    @operation(
        summary="Give a member another role (owner, admin)",
        description="From and to a role that the caller's own gives: only the owner makes admins, or changes them. "
        "It is held within the company alone, and seen in `grants` of `GET /me`.",
        request=MemberChangesIn,
        response=MemberOut,
        errors=[rules.CompanyNotFound, rules.CompanyRoleMissing, NotFound, rules.OwnerStays],
        example_request={"role": "finance"},
        example_response={**MEMBER, "role": "finance"},
    )
    def patch(self, request: Request, company_id: UUID, user_id: UUID) -> Response:
        member = memberships.set_role(
            company_id=company_id,
            by_id=request.user.user_id,
            user_id=user_id,
            role=valid(MemberChangesIn, request.data)["role"],
        )
        return Response(render_member(member))

    @operation(
        summary="Remove a member (owner, admin), or leave",
        description="Their access tokens stop working at once; the next ones know nothing of the company.",
        errors=[rules.CompanyNotFound, rules.CompanyRoleMissing, NotFound, rules.OwnerStays],
    )
    def delete(self, request: Request, company_id: UUID, user_id: UUID) -> Response:
        memberships.remove(company_id=company_id, by_id=request.user.user_id, user_id=user_id)
        return Response(status=204)


class PublicCompanies(View):
    """Part of a hirer's public profile; who else is in a company stays inside."""

    permission_classes = [Anyone]

    @operation(
        summary="The companies that a hirer stands for",
        description="Those where they are the owner, an admin or hire; places to about a kilometre.",
        response=CompanyCardsOut,
        errors=[NotFound],
        example_response={"items": [CARD]},
    )
    def get(self, request: Request, user_id: UUID) -> Response:
        caller = caller_of(request)
        public_profile(user_id, viewer_id=caller.user_id if caller else None)
        return Response({"items": [render_company_card(each) for each in queries.public_companies_of(user_id)]})


class ActingCompany(View):
    """Answers hold a token: none is kept for an Idempotency-Key."""

    permission_classes = [_Member]
    idempotency_domain = ""

    @operation(
        summary="Act for a company of mine from now on, or for myself",
        description="This session's tokens name the company until another choice, or until I am in it no more.",
        request=ActForIn,
        response=ActingOut,
        errors=[rules.CompanyNotFound, TokenInvalid],
        example_request={"company_id": COMPANY["id"]},
        example_response={
            "company_id": COMPANY["id"],
            "access_token": "eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLiJ9.e30.MEUCIQ",
            "token_type": "Bearer",
            "expires_in": 600,
        },
    )
    def post(self, request: Request) -> Response:
        company_id = valid(ActForIn, request.data)["company_id"]
        token, seconds = memberships.act_for(
            user_id=request.user.user_id, session_id=request.user.session_id, company_id=company_id
        )
        body: dict[str, Any] = {"company_id": company_id, "access_token": token}
        return Response(body | {"token_type": "Bearer", "expires_in": seconds})


# Private functions


def _answer(member: CompanyMember, *, status: int = 200) -> Response:
    return with_etag(Response(render_company(member), status=status), member.company.version)
