"""Calls to providers over HTTP: an answer, or word that nobody knows what became of the call."""

from functools import cache
from typing import Any, Final

import httpx

TIMEOUT: Final = 10.0  # seconds; what is not answered by then is unknown


class NoAnswer(Exception):
    """The call may have been carried out: nobody can say. Its text is the reason."""


class NoSense(Exception):
    """An answer came that can't be read. Its text is the reason."""


def call(method: str, url: str, path: str, **request: Any) -> httpx.Response:
    """The provider's answer, whatever its status. Raises NoAnswer."""
    try:
        return _client(url).request(method, path, timeout=TIMEOUT, **request)
    except httpx.HTTPError as error:
        raise NoAnswer(type(error).__name__) from error


def object_in(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer. Raises NoSense."""
    try:
        content = response.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise NoSense(f"answered {response.status_code} with something unreadable")
    return content


# Private functions


@cache
def _client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url)
