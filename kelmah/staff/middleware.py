"""Who is at the desk, without asking any table."""

import structlog
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from kelmah.http.denylist import death_of
from kelmah.http.store import StoreDown
from kelmah.staff import stay
from kelmah.staff.places import desk_at

log = structlog.get_logger(__name__)

_LOOKING = ("GET", "HEAD", "OPTIONS")


class DeskAuthentication(AuthenticationMiddleware):
    """``request.user`` at a desk: a StaffMember, or nobody. Whoever's session identity has ended, or whose rights have
    changed since it vouched for them, is nobody at once; the way to identity and back brings the rights of now.

    Without the store an ended session can't be told from a living one for up to ten minutes: looking is worth that
    risk, doing is not.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]
        domain = desk_at(request.path_info)
        if domain is None:
            return None
        request.user = AnonymousUser()
        member = stay.member_of(request.session, domain=domain)
        if member is None:
            return None
        try:
            if death_of(sessions=[member.session_id], standings={member.id: member.standing}):
                request.session.flush()
                return None
        except StoreDown:
            log.error("session_denylist_unreachable")
            if request.method not in _LOOKING:
                text = "Nothing was done: whether you are still logged in can't be checked now. Try again soon."
                return HttpResponse(text, status=503, headers={"Retry-After": "5"}, content_type="text/plain")
        request.user = member  # type: ignore[assignment]  # the stubs know only users with a table
        return None
