"""Calls to providers over HTTP: an answer, a refusal, or word that nobody knows what became of the call."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar

import httpx

from domains.payments.gateways.base import Unknown
from kelmah.errors import Unavailable

T = TypeVar("T")

TIMEOUT: Final = 10.0  # seconds; what is not answered by then is unknown
# Numbers of phones, accounts and cards, and addresses: what a provider says in words ends in logs and on staff's pages.
_PERSONAL: Final = re.compile(r"\+?\d(?:[ -]?\d){6,}|\S+@\S+")


class NoAnswer(Exception):
    """The call may have been carried out: nobody can say. Its text is the reason."""


class NoSense(Exception):
    """An answer came that can't be read. Its text is the reason."""


class Refused(Exception):
    """It answered that it did not do it. Its text is the reason, ``code`` what the provider calls it, both without the
    numbers and addresses of people that may stand in them.

    ``definitive``: it is about the order, not about the provider itself, our access or an attempt that is still going
    on; ``absent``: it has no such thing.
    """

    def __init__(self, reason: str, *, code: str, definitive: bool, absent: bool) -> None:
        super().__init__(_PERSONAL.sub("…", reason))
        self.code, self.definitive, self.absent = _PERSONAL.sub("…", code), definitive, absent


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


def asked(question: Callable[[], T]) -> T | Unknown:
    """What the provider says of one of its objects; Unknown where it says nothing, ``absent`` where it has none."""
    try:
        return question()
    except Refused as refusal:
        return Unknown(reason=str(refusal), absent=refusal.absent)
    except (NoAnswer, NoSense) as error:
        return Unknown(reason=str(error))


def wanted(provider: str, question: Callable[[], T]) -> T:
    """What the provider (by its name, for people) says, where nothing less will do. Raises Unavailable."""
    try:
        return question()
    except (NoAnswer, NoSense, Refused) as error:
        raise Unavailable(f"{provider} can't be asked: {error}.") from error


# Private functions


@cache
def _client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url)
