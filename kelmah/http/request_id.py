"""A name for every request: in its answer, in every log line it causes, in its events and its calls to other domains.

A W3C trace context (``traceparent``) that a client or gateway sends goes along unchanged, for whoever joins logs by it.
"""

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
TRACE_HEADER = "traceparent"
_TRACE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str] = ContextVar("kelmah_request_id", default="")
_current_trace: ContextVar[str] = ContextVar("kelmah_traceparent", default="")


def current_request_id() -> str:
    """The id of the request being served in this context; empty outside of one."""
    return _current.get()


def current_traceparent() -> str:
    """The trace context that the request being served came with; empty without one."""
    return _current_trace.get()


@contextmanager
def on_behalf_of(request_id: str, traceparent: str = "") -> Iterator[None]:
    """Work that a request caused, done later or elsewhere: its log lines, events and calls bear the request's names."""
    if not request_id:
        yield
        return
    tokens = _current.set(request_id), _current_trace.set(traceparent)
    try:
        with structlog.contextvars.bound_contextvars(**_names()):
            yield
    finally:
        _current.reset(tokens[0])
        _current_trace.reset(tokens[1])


def _names() -> dict[str, str]:
    names = {"request_id": _current.get()}
    if traceparent := _current_trace.get():
        names["trace_id"] = traceparent.split("-")[1]
    return names


class RequestIdMiddleware:
    """The outermost middleware. Keeps a client's id when it is harmless in logs and headers, else makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if _SANE.fullmatch(given) else str(new_id())
        trace = request.headers.get(TRACE_HEADER, "")
        started = time.monotonic()
        # Views fill in the other three. Bound here, so that a thread's next request doesn't inherit them.
        with (
            on_behalf_of(request_id, trace if _TRACE.fullmatch(trace) else ""),
            structlog.contextvars.bound_contextvars(domain=None, user_id=None, impersonated_by=None),
        ):
            response = self.get_response(request)
            response.headers[HEADER] = request_id
            _log(request, response, started)
            return response


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
