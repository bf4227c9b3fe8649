"""Paystack's manner of answering: ``{"status": true, "message": …, "data": …}``, or a refusal with a code."""

import re
from collections.abc import Iterator
from typing import Any, Final

import httpx
from django.conf import settings

from domains.payments.gateways.calling import NoSense, Refused, call, object_in

_PAGE: Final = 100
_REF: Final = re.compile(r"[A-Za-z0-9=._-]{1,100}")
_ABSENT: Final = frozenset({"transaction_not_found", "transfer_not_found", "refund_not_found", "dispute_not_found"})


def ask(method: str, path: str, **request: Any) -> dict[str, Any]:
    """The ``data`` of its answer. Raises Refused, NoAnswer, NoSense."""
    data = _answer(method, path, **request).get("data")
    if not isinstance(data, dict):
        raise NoSense("an answer without its object")
    return data


def ask_list(method: str, path: str, **request: Any) -> list[dict[str, Any]]:
    """The objects of an answer that is a list, whole. Raises as ``ask`` does."""
    data = _answer(method, path, **request).get("data")
    if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
        raise NoSense("an answer without its list")
    return data


def every(path: str, *, params: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """The objects of a list, over all its pages. Raises as ``ask`` does."""
    page, pages = 1, 1
    while page <= pages:
        answer = _answer("GET", path, params={**(params or {}), "perPage": _PAGE, "page": page})
        things, meta = answer.get("data"), answer.get("meta") or {}
        if not isinstance(things, list):
            raise NoSense("an answer without its list")
        yield from things
        told = str(meta.get("pageCount") or 1)
        page, pages = page + 1, int(told) if things and told.isdecimal() else 0  # whatever it says, an end has nothing


def is_ref(ref: str) -> bool:
    """Whether it may be a part of a path: what others call their objects must not lead to another address."""
    return _REF.fullmatch(ref) is not None and ".." not in ref


# Private functions


def _answer(method: str, path: str, **request: Any) -> dict[str, Any]:
    access = {"Authorization": f"Bearer {settings.PAYSTACK_SECRET_KEY}"}
    response = call(method, settings.PAYSTACK_API_URL, path, headers=access, **request)
    answer = object_in(response)
    if response.is_success and answer.get("status") is True:
        return answer
    raise _refusal(response, answer)


def _refusal(response: httpx.Response, answer: dict[str, Any]) -> Refused:
    status, code = response.status_code, str(answer.get("code") or "refused")
    return Refused(
        f"answered {status}: {answer.get('message') or 'no reason'}",
        code=code,
        definitive=status in (400, 404, 422),
        absent=status == 404 or code in _ABSENT,
    )
