"""What a password opens at staff's desk: the page that asks for the second factor, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Final, cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme

from domains.identity.queries.factor_resets import was_reset_since
from kelmah import clock

ASK: Final = "/admin/second-factor"
SET_UP: Final = "/admin/second-factor/set-up"
WAITS: Final = timedelta(minutes=10)  # for the second factor after the password

_KEY: Final = "second_factor"
_SEEN: Final = "password_at"
_OPEN: Final = frozenset({ASK, SET_UP, "/admin/login/", "/admin/logout/"})


class SecondFactorGate:
    """Middleware: no page of the desk for a session that has shown a password alone, however it came to be."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        address = request.path_info
        inside = address.startswith("/admin/") and address not in _OPEN
        if inside and request.user.is_authenticated and not (method_of(request) and _holds_good(request)):
            return to(ASK, request.get_full_path())
        return self._get_response(request)


def passed(request: HttpRequest, method: str) -> None:
    """This session has just shown a second factor, by the method (RFC 8176)."""
    if not method_of(request):
        request.session.cycle_key()  # a key that somebody saw before is worth nothing after
    request.session[_KEY] = {"method": method, "at": clock.now().timestamp()}


def method_of(request: HttpRequest) -> str:
    """The method of the second factor that this session has shown; empty for none."""
    mark = _mark(request)
    return str(mark["method"]) if mark else ""


def is_fresh(request: HttpRequest) -> bool:
    """Whether that was within ten minutes."""
    mark = _mark(request)
    return mark is not None and clock.now().timestamp() - mark["at"] <= WAITS.total_seconds()


def is_too_late(request: HttpRequest) -> bool:
    """Whether a session without second factor has waited for too long; such a session ends."""
    if method_of(request):
        return False
    seen = request.session.setdefault(_SEEN, clock.now().timestamp())
    if clock.now().timestamp() - seen <= WAITS.total_seconds():
        return False
    logout(request)
    return True


def to(page: str, address: str) -> HttpResponseRedirect:
    """To one of these pages, and from there to the address."""
    return HttpResponseRedirect(f"{page}?{urlencode({'next': address})}")


def next_of(request: HttpRequest) -> str:
    """Where the browser wanted to go: a page of the desk."""
    wanted = request.GET.get("next", "")
    good = wanted.startswith("/admin/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if good and wanted.partition("?")[0] not in _OPEN - {SET_UP} else "/admin/"


def fresh(action: Callable[..., Any]) -> Callable[..., Any]:
    """For actions of lists: carried out by whoever showed a second factor within ten minutes; else it is asked for."""

    @wraps(action)
    def guarded(admin: Any, request: HttpRequest, queryset: Any) -> Any:
        return action(admin, request, queryset) if is_fresh(request) else to(ASK, request.get_full_path())

    return guarded


# Private functions


def _holds_good(request: HttpRequest) -> bool:
    """Whether the factors of that time are still there: staff may have taken them away since."""
    mark = _mark(request)
    if mark is None:
        return False
    if was_reset_since(cast(UUID, request.user.pk), datetime.fromtimestamp(mark["at"], UTC)):
        logout(request)
        return False
    return True


def _mark(request: HttpRequest) -> dict[str, Any] | None:
    return request.session.get(_KEY)
