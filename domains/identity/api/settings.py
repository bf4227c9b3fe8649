"""What I set for myself."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import queries
from domains.identity.actions import settings
from domains.identity.api.serializers.settings import SettingsIn, SettingsOut, render_settings
from domains.identity.queries.settings import settings_of
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

SETTINGS = {
    "language": "en",
    "zone": "Africa/Accra",
    "privacy": {"profile": "everybody", "place": "kilometre", "in_search": True},
    "quiet_hours": {"starts": "21:00", "ends": "06:30"},
    "channels": {
        "jobs": ["email"],
        "contracts": ["email"],
        "money": ["email", "sms"],
        "reviews": [],
        "account": ["email"],
    },
    "version": 2,
}


class MySettings(View):
    permission_classes = [Authenticated]

    @operation(summary="What I set", response=SettingsOut, example_response=SETTINGS)
    def get(self, request: Request) -> Response:
        found = settings_of(queries.account_of(request.user.user_id))
        return with_etag(Response(render_settings(found)), found.version)

    @operation(
        summary="Change what I set",
        description="What is not named stays as it is. The app shows every notification; `channels` are the ways "
        "outside of it, and letters wait for the end of the quiet hours. Word of the account itself always comes, at "
        "once: it may not have been me.",
        request=SettingsIn,
        response=SettingsOut,
        example_request={
            "quiet_hours": SETTINGS["quiet_hours"],
            "channels": {"money": ["email", "sms"], "reviews": []},
        },
        example_response=SETTINGS,
    )
    def patch(self, request: Request) -> Response:
        changed = settings.change_settings(
            user_id=queries.account_of(request.user.user_id).id,
            expected_version=expected_version(request),
            changes=valid(SettingsIn, request.data),
        )
        return with_etag(Response(render_settings(changed)), changed.version)
