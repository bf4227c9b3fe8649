"""The body of a request as it comes, block by block, for the few views that take bytes instead of JSON."""

from dataclasses import dataclass
from typing import Protocol

from rest_framework.request import Request


class Stream(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True)
class RawBody:
    """``length`` in bytes; None for a chunked body, whose length nobody knows before its end."""

    stream: Stream
    length: int | None


def raw_body(request: Request) -> RawBody:
    """The unread body, without the limits of JSON: the view sets its own. Nothing else may have read it before.

    Django takes a body without Content-Length for an empty one: a chunked body is read from the server itself, where
    the server marks its end.
    """
    meta = request.META
    if "HTTP_TRANSFER_ENCODING" in meta and meta.get("wsgi.input_terminated"):
        return RawBody(meta["wsgi.input"], None)
    declared = meta.get("CONTENT_LENGTH") or ""
    return RawBody(request._request, int(declared) if declared.isdecimal() else 0)
