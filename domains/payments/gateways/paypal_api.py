"""PayPal's manner of being asked: an access token, keys in a header, and refusals with a name."""

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx
from django.conf import settings

from domains.payments.gateways.calling import NoAnswer, NoSense, Refused, call, object_in

_EARLY: Final = 60  # seconds before its end that a token is no longer used
_REF: Final = re.compile(r"((order|batch|item)-)?[A-Z0-9]{6,36}")
_DISPUTE: Final = re.compile(r"[A-Z0-9-]{4,64}")
# About an earlier attempt or another order under the same number, not about this request.
_UNSETTLED: Final = frozenset({"ORDER_COMPLETION_IN_PROGRESS", "PREVIOUS_REQUEST_IN_PROGRESS", "DUPLICATE_INVOICE_ID"})
_tokens: dict[tuple[str, ...], tuple[str, float]] = {}


class RefusedInDetail(Refused):
    """``about_the_request``: even about what is written there, which it looks at before all else.

    ``name``: of the whole refusal, where ``code`` is what its first detail says; ``field``: what that one is about;
    ``links``: where it leads.
    """

    def __init__(self, *, status: int, name: str, issue: str, field: str, links: list[str]) -> None:
        definitive = status in (400, 404, 422) and not {name, issue} & _UNSETTLED
        code = issue or name
        super().__init__(f"answered {status}: {code}", code=code, definitive=definitive, absent=status == 404)
        self.about_the_request = definitive and name == "VALIDATION_ERROR"
        self.name, self.field, self.links = name, field, links


def ask(method: str, path: str, *, key: str = "", **request: Any) -> dict[str, Any]:
    """The object of its answer, whole. ``key``: under which it does the same only once.

    A token may be revoked before its time: then the call, which was not carried out, is made once more.
    Raises RefusedInDetail, NoAnswer, NoSense.
    """
    headers = {"Prefer": "return=representation"} | ({"PayPal-Request-Id": key} if key else {})
    for last in (False, True):
        access = {"Authorization": f"Bearer {_token(fresh=last)}"}
        response = call(method, settings.PAYPAL_API_URL, path, headers=headers | access, **request)
        if response.status_code != 401:
            break
    if response.is_success:
        return object_in(response)
    raise _refusal(response)


def every(path: str, name: str, *, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The objects called ``name`` of a list, over all its numbered pages. Raises as ``ask`` does."""
    page, pages = 1, 1
    while page <= pages:
        answer = ask("GET", path, params={**params, "page": page})
        if not isinstance(things := answer.get(name), list):
            raise NoSense("an answer without its list")
        yield from things
        page, pages = page + 1, int(answer.get("total_pages") or 1)


def is_ref(ref: str) -> bool:
    """Whether it may be a part of a path: what others call their objects must not lead to another address."""
    return _REF.fullmatch(ref) is not None


def is_dispute(ref: str) -> bool:
    """As ``is_ref``; disputes have names of another form."""
    return _DISPUTE.fullmatch(ref) is not None


# Private functions


def _refusal(response: httpx.Response) -> RefusedInDetail:
    """Raises NoSense for an error that PayPal itself can't have written: something between us broke."""
    error = object_in(response)
    details = [each for each in error.get("details") or [] if isinstance(each, Mapping)]
    linked = [*(error.get("links") or []), *(link for each in details for link in each.get("link") or [])]
    return RefusedInDetail(
        status=response.status_code,
        name=_word(error.get("name") or error.get("error")),
        issue=_word(next((each.get("issue") for each in details), "")),
        field=_word(next((each.get("field") for each in details), "")),
        links=[str(each.get("href")) for each in linked if isinstance(each, Mapping)],
    )


def _word(said: object) -> str:
    """What can be kept and shown of a code."""
    return re.sub(r"[^\w .:/-]", "", str(said or ""), flags=re.ASCII)[:100]


def _token(*, fresh: bool) -> str:
    """Kept in the process: two threads may fetch one each, and both are good."""
    user = (settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET)
    whose = (settings.PAYPAL_API_URL, *user)
    token, until = _tokens.get(whose, ("", 0.0))
    if token and not fresh and time.monotonic() < until:
        return token
    wish = {"grant_type": "client_credentials"}
    answer = call("POST", settings.PAYPAL_API_URL, "/v1/oauth2/token", auth=user, data=wish)
    if answer.status_code != 200:
        raise NoAnswer(f"no access: {answer.status_code}")
    given = object_in(answer)
    token = str(given.get("access_token"))
    _tokens[whose] = (token, time.monotonic() + float(given.get("expires_in", 0)) - _EARLY)
    return token
