"""Who I am, and what others see of me."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import actions, queries
from domains.identity.api.auth import USER
from domains.identity.api.serializers.accounts import MeOut, render_me
from domains.identity.api.serializers.profiles import (
    OwnProfileOut,
    ProfileIn,
    ProfileOut,
    render_own_profile,
    render_profile,
)
from kelmah.errors import NotFound
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.permissions import Anyone, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

PROFILE = {
    "user_id": "01930d2a-0b00-7c33-9d33-5e9c7c3f1a03",
    "display_name": "Kofi",
    "role": "worker",
    "headline": "Carpenter in Accra",
    "bio": "Cabinets, doors and roofs since 2012.",
    "skills": [{"skill_id": "carpentry", "name": "Carpentry", "level": 4, "years": 12}],
    "place": {"name": "Osu, Accra", "latitude": 5.56, "longitude": -0.18},
    "radius_km": 25,
    "rate": {"amount": 4500, "currency": "GHS"},
    "languages": ["en", "tw"],
    "reputation": {"stars": "4.37", "reviews": 12},
}
OWN_PROFILE = {
    **PROFILE,
    "place": {"name": "Osu, Accra", "latitude": 5.556012, "longitude": -0.182231},
    "locale": "en",
    "zone": "Africa/Accra",
    "version": 3,
    "completeness": {"percent": 100, "missing": []},
}
COMPANY_ID = "01930d2a-0b00-7c33-9d33-5e9c7c3f1a77"


class Me(View):
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
        description="What is not named stays as it is; `skills` replaces all skills.",
        request=ProfileIn,
        response=OwnProfileOut,
        errors=[NotFound],
        example_request={"headline": PROFILE["headline"], "skills": PROFILE["skills"], "radius_km": 25},
        example_response=OWN_PROFILE,
    )
    def patch(self, request: Request) -> Response:
        profile = actions.update_profile(
            user_id=request.user.user_id,
            expected_version=expected_version(request),
            changes=valid(ProfileIn, request.data),
        )
        return with_etag(Response(render_own_profile(profile)), profile.version)


class PublicProfile(View):
    permission_classes = [Anyone]

    @operation(
        summary="What everybody may know about a member",
        response=ProfileOut,
        errors=[NotFound],
        example_response=PROFILE,
    )
    def get(self, request: Request, user_id: UUID) -> Response:
        return Response(render_profile(queries.public_profile(user_id)))
