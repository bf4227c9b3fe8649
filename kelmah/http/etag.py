"""Versions as strong entity tags, so that nobody overwrites what they have not seen."""

import re

from rest_framework.request import Request
from rest_framework.response import Response

from kelmah.errors import PreconditionRequired
from kelmah.http.errors import IfMatchMalformed

_VERSION = re.compile(r'"(0|[1-9][0-9]{0,8})"')


def expected_version(request: Request) -> int:
    """The version the caller has seen, from ``If-Match: "<version>"``; compare it with ``kelmah.db.check_version``.

    Raises PreconditionRequired without the header, IfMatchMalformed when it is no single strong tag of ours.
    """
    value = request.headers.get("If-Match")
    if value is None:
        raise PreconditionRequired
    match = _VERSION.fullmatch(value.strip())
    if match is None:
        raise IfMatchMalformed
    return int(match[1])


def with_etag(response: Response, version: int) -> Response:
    """The response with ``ETag: "<version>"``."""
    response.headers["ETag"] = f'"{version}"'
    return response
