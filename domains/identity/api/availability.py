"""When people can work, over REST."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import queries
from domains.identity.actions.availability import update_availability
from domains.identity.api.examples import OWN_AVAILABILITY
from domains.identity.api.serializers.availability import (
    AvailabilityIn,
    FreeOut,
    FreeQuery,
    OwnAvailabilityOut,
    render_own_availability,
)
from domains.identity.models import Profile
from domains.identity.queries.profiles import availability_of
from domains.identity.rules.availability import free_intervals
from kelmah import clock
from kelmah.errors import NotFound
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.permissions import Can
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View


class MyAvailability(View):
    permission_classes = [Can("identity.edit_hours")]

    @operation(
        summary="When I can work",
        response=OwnAvailabilityOut,
        errors=[NotFound],
        example_response=OWN_AVAILABILITY,
    )
    def get(self, request: Request) -> Response:
        return _answer(queries.own_profile(request.user.user_id))

    @operation(
        summary="Say when I can work",
        description="A part of the profile, with its version. What is not named stays; `slots` and `days_off` replace "
        "all. Slots are on the clock of `zone`, which is your own until you name another. While a pause lasts nobody "
        "finds you.",
        request=AvailabilityIn,
        response=OwnAvailabilityOut,
        errors=[NotFound],
        example_request={name: OWN_AVAILABILITY[name] for name in ("slots", "days_off", "holidays")},
        example_response=OWN_AVAILABILITY,
    )
    def patch(self, request: Request) -> Response:
        profile = update_availability(
            user_id=request.user.user_id,
            expected_version=expected_version(request),
            changes=valid(AvailabilityIn, request.data),
        )
        return _answer(profile)


class FreeTimes(View):
    permission_classes = [Can("identity.view_hours")]
    key_scope = "profiles:read"

    @operation(
        summary="When a worker is free between two moments",
        description="In UTC, as the fewest intervals. Nothing is free while the worker never said when they work.",
        query=FreeQuery,
        response=FreeOut,
        errors=[NotFound],
        example_response={"free": [{"start": "2026-12-07T08:00:00Z", "end": "2026-12-07T17:00:00Z"}]},
    )
    def get(self, request: Request, user_id: UUID) -> Response:
        asked = valid(FreeQuery, request.query_params)
        profile = queries.public_profile(user_id, viewer_id=request.user.user_id)
        free = free_intervals(availability_of(profile), start=asked["start"], end=asked["end"])
        return Response({"free": [{"start": each.start, "end": each.end} for each in free]})


def _answer(profile: Profile) -> Response:
    body = render_own_availability(availability_of(profile), now=clock.now(), version=profile.version)
    return with_etag(Response(body), profile.version)
