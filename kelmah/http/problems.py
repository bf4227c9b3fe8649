"""Problem details (RFC 9457): the one shape of every refusal, whoever refused.

``{"type": "/problems/<code>", "title", "status", "detail", "code", "request_id", "errors": [{"pointer", "code",
"detail"}], "data": {…}}``; ``errors`` and ``data`` only when there is something to say. Nothing internal is ever told.
"""

from collections.abc import Callable
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from django.views import defaults
from rest_framework.response import Response

from kelmah.errors import DomainError, Forbidden, NotFound, Unauthenticated, Unavailable
from kelmah.http.errors import BadRequest, BodyTooLarge, Internal, MethodNotAllowed, NotAcceptable, UnsupportedMediaType
from kelmah.http.refusals import as_domain_error
from kelmah.http.request_id import current_request_id
from kelmah.http.security_headers import protect

CONTENT_TYPE = "application/problem+json"
# Where answers are for programs. Everything else (the admin) keeps its HTML.
_FOR_PROGRAMS = ("/api/", "/internal/", "/.well-known/", "/health/")
_BY_STATUS: dict[int, type[DomainError]] = {
    error.status: error
    for error in (
        BadRequest, Unauthenticated, Forbidden, NotFound, MethodNotAllowed, NotAcceptable, BodyTooLarge,
        UnsupportedMediaType, Internal, Unavailable,
    )
}  # fmt: skip
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


def problem_body(error: DomainError) -> dict[str, Any]:
    """The members of the problem object, its words in the language of the request."""
    body: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": _translated(error.title),
        "status": error.status,
        "detail": _translated(error.detail),
        "code": error.code,
        "request_id": current_request_id(),
    }
    if error.errors:
        body["errors"] = [each.as_json() | {"detail": _translated(each.detail)} for each in error.errors]
    if error.data:
        body["data"] = error.data
    return body


def problem_headers(error: DomainError) -> dict[str, str]:
    headers = {}
    if error.status == 401:
        reason = "" if error.code == Unauthenticated.code else ', error="invalid_token"'
        headers["WWW-Authenticate"] = f'Bearer realm="kelmah"{reason}'
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return headers


def problem(error: DomainError) -> HttpResponse:
    """A finished response, for code outside of REST framework."""
    body = orjson.dumps(problem_body(error), default=str)
    return HttpResponse(body, status=error.status, headers=problem_headers(error), content_type=CONTENT_TYPE)


def answer_exception(exc: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler. None (a fault of ours) is raised on and becomes a 500."""
    error = as_domain_error(exc)
    if error is None:
        return None
    return Response(problem_body(error), status=error.status, headers=problem_headers(error), content_type=CONTENT_TYPE)


class ProblemMiddleware:
    """Second from outside: whoever refuses further in, even Django itself with DEBUG on, programs get a problem."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _is_for_programs(request):
            return self.get_response(request)
        # PostgreSQL can't store U+0000, so no address with one in it means anything.
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return protect(problem(BadRequest("The address holds a null character.")))
        response = self.get_response(request)
        # What already speaks JSON has said what it wanted to: a problem, or the wire format of calls between domains.
        if response.status_code >= 400 and "json" not in response.headers.get("Content-Type", ""):
            response = _as_problem(response)
        return protect(response)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A typed refusal of a plain Django view."""
        error = as_domain_error(exception) if _is_for_programs(request) else None
        return problem(error) if error else None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return problem(BadRequest()) if _is_for_programs(request) else defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return problem(Forbidden()) if _is_for_programs(request) else defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return problem(NotFound()) if _is_for_programs(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    return problem(Internal()) if _is_for_programs(request) else defaults.server_error(request)


def _translated(text: str) -> str:
    return gettext(text) if text else ""  # of nothing, gettext tells about its catalogue


def _is_for_programs(request: HttpRequest) -> bool:
    return request.path_info.startswith(_FOR_PROGRAMS)


def _as_problem(response: HttpResponseBase) -> HttpResponse:
    fallback = BadRequest if response.status_code < 500 else Internal
    answer = problem(_BY_STATUS.get(response.status_code, fallback)())
    for name in _KEPT_HEADERS:
        if name in response.headers:
            answer.headers[name] = response.headers[name]
    return answer
