"""Who I am, and what others see of me."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import actions, queries
from domains.identity.api.auth import USER
from domains.identity.api.examples import OWN_PROFILE, PROFILE, PROFILE_CHANGES
from domains.identity.api.serializers.accounts import MeOut, render_me
from domains.identity.api.serializers.profiles import (
    OwnProfileOut,
    PreviewQuery,
    ProfileIn,
    ProfileOut,
    render_own_profile,
    render_profile,
)
from kelmah.errors import NotFound, Unavailable
from kelmah.http.authentication import caller_of
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.permissions import Anyone, Authenticated, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View
from kelmah.rights import can

COMPANY_ID = "01930d2a-0b00-7c33-9d33-5e9c7c3f1a77"


class Me(View):
    permission_classes = [Authenticated]
    open_to_limited_sessions = True

    @operation(
        summary="Who I am",
        response=MeOut,
        example_response={
            **USER,
            "roles": ["hirer"],
            "grants": [{"role": "company_hiring", "scope_kind": "company", "scope_id": COMPANY_ID}],
            "locale": "en",
            "zone": "Africa/Accra",
            "created_at": "2026-11-20T09:00:00Z",
        },
    )
    def get(self, request: Request) -> Response:
        user = queries.account_of(request.user.user_id)
        return Response(render_me(user, queries.standing_of(user)))


class MyProfile(View):
    permission_classes = [Can("identity.edit_profile")]

    @operation(
        summary="My profile, and what is missing in it",
        response=OwnProfileOut,
        errors=[NotFound],
        example_response=OWN_PROFILE,
    )
    def get(self, request: Request) -> Response:
        profile = queries.own_profile(request.user.user_id)
        return with_etag(Response(render_own_profile(profile)), profile.version)

    @operation(
        summary="Change parts of my profile",
        description="What is not named stays as it is; a list replaces the whole list, and `rates` all rates. Names of "
        "skills are the taxonomy's, and what was verified stays verified. Portfolios show files of one's own.",
        request=ProfileIn,
        response=OwnProfileOut,
        errors=[NotFound, Unavailable],
        example_request=PROFILE_CHANGES,
        example_response=OWN_PROFILE,
    )
    def patch(self, request: Request) -> Response:
        profile = actions.update_profile(
            user_id=request.user.user_id,
            expected_version=expected_version(request),
            changes=valid(ProfileIn, request.data),
        )
        return with_etag(Response(render_own_profile(profile)), profile.version)


class MyProfilePreview(View):
    permission_classes = [Can("identity.edit_profile")]

    @operation(
        summary="My profile as others see it",
        query=PreviewQuery,
        response=ProfileOut,
        errors=[NotFound],
        example_response=PROFILE,
    )
    def get(self, request: Request) -> Response:
        seen_by = valid(PreviewQuery, request.query_params)["seen_by"]
        return Response(render_profile(queries.own_profile(request.user.user_id), seen_by=seen_by))


class PublicProfile(View):
    permission_classes = [Anyone]
    key_scope = "profiles:read"

    @operation(
        summary="What a member shows",
        description="Hirers also see when a worker can work.",
        response=ProfileOut,
        errors=[NotFound],
        example_response=PROFILE,
    )
    def get(self, request: Request, user_id: UUID) -> Response:
        caller = caller_of(request)
        seen_by = "hirer" if caller and can(caller, "identity.view_hours") else "everybody"
        profile = queries.public_profile(user_id, viewer_id=caller.user_id if caller else None)
        return Response(render_profile(profile, seen_by=seen_by))
