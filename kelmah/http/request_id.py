"""A name for every request: in its answer, in every log line it causes, and in the calls it makes to other domains."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from django.http import HttpRequest, HttpResponse

from kelmah.ids import new_id

log = structlog.get_logger(__name__)

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str] = ContextVar("kelmah_request_id", default="")


def current_request_id() -> str:
    """The id of the request being served in this context; empty outside of one."""
    return _current.get()


@contextmanager
def on_behalf_of(request_id: str) -> Iterator[None]:
    """Work that a request caused, done later or elsewhere: its log lines and events bear the request's id."""
    if not request_id:
        yield
        return
    token = _current.set(request_id)
    try:
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            yield
    finally:
        _current.reset(token)


class RequestIdMiddleware:
    """The outermost middleware. Keeps a client's id when it is harmless in logs and headers, else makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if _SANE.fullmatch(given) else str(new_id())
        token = _current.set(request_id)
        started = time.monotonic()
        try:
            # Views fill in the other two. Bound here, so that a thread's next request doesn't inherit them.
            with structlog.contextvars.bound_contextvars(request_id=request_id, domain=None, user_id=None):
                response = self.get_response(request)
                response.headers[HEADER] = request_id
                _log(request, response, started)
                return response
        finally:
            _current.reset(token)


def _log(request: HttpRequest, response: HttpResponse, started: float) -> None:
    """The route and not the path: a path may name people, a query may hold anything."""
    match = request.resolver_match
    log.info(
        "request",
        method=request.method,
        route=match.route if match else None,
        status=response.status_code,
        milliseconds=round((time.monotonic() - started) * 1000, 1),
    )
