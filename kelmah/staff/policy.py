"""What browsers let pages of the desk load, run and send: things of their own host, and forms to the other desks."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

_POLICY = (
    "default-src 'none'; "
    # Unfold's pages are written for Alpine, which makes functions of their attributes. No page has a script of its own.
    "script-src 'self' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self'; connect-src 'self'; img-src 'self' data:{others}; "
    "form-action 'self'{others}; base-uri 'none'; frame-ancestors 'none'"
)


class DeskPolicy:
    """Middleware: ``Content-Security-Policy`` for every page of a desk that does not bring one of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if request.path_info.startswith("/admin/"):
            response.headers.setdefault("Content-Security-Policy", _POLICY.format(others=_others()))
        return response


# Private functions


def _others() -> str:
    """Hosts that a desk sends browsers on to after a form (its log-in and log-out), and where pictures come from."""
    places = {settings.JWT_ISSUER, *settings.DESK_URLS.values()}
    return "".join(f" {parts.scheme}://{parts.netloc}" for parts in map(urlsplit, sorted(places)))
