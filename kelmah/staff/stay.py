"""How long somebody stays at a desk: a signed cookie that only this desk's addresses get, and no table."""

from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from kelmah import clock
from kelmah.staff.member import StaffMember
from kelmah.staff.places import desk_at, desk_root
from kelmah.staff.tokens import Vouched

_KEY = "staff"


def begin(session: MutableMapping[str, Any], vouched: Vouched, *, domain: str) -> None:
    """From now on whoever has this session is known at the desk of this domain."""
    session[_KEY] = {
        **vouched.member.as_claims(),
        "domain": domain,  # all desks may sign with one key: a cookie carried to another desk says it is not from there
        "until": int(vouched.until.timestamp()),
    }


def member_of(session: MutableMapping[str, Any], *, domain: str) -> StaffMember | None:
    """Who has this session, unless it is over or from another desk."""
    kept = session.get(_KEY)
    if not kept or kept["domain"] != domain or clock.now() >= datetime.fromtimestamp(kept["until"], UTC):
        return None
    return StaffMember.from_claims(kept)


class DeskSessions(SessionMiddleware):
    """Django's sessions, with a cookie per desk."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        keep_inside(response, settings.SESSION_COOKIE_NAME, request)
        return response


class DeskMessages(CookieStorage):
    """Django's messages to the next page, with a cookie per desk. The oldest go when there are too many for one."""

    cookie_name = "kelmah_desk_messages"

    def _update_cookie(self, encoded_data: str, response: HttpResponseBase) -> None:
        super()._update_cookie(encoded_data, response)  # type: ignore[misc]  # missing from the stubs
        keep_inside(response, self.cookie_name, self.request)


def keep_inside(response: HttpResponseBase, cookie: str, request: HttpRequest) -> None:
    """A cookie that this response sets is for the desk of this request alone."""
    domain = desk_at(request.path_info)
    if domain and cookie in response.cookies:
        response.cookies[cookie]["path"] = desk_root(domain)
