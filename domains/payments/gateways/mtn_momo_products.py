"""MTN's products, each with a subscription, a user and an access token of its own."""

import time
from typing import Any, Final, Literal

import httpx
from django.conf import settings

from domains.payments.gateways.calling import NoAnswer, call, object_in

Product = Literal["collection", "disbursement"]

_EARLY: Final = 60  # seconds before its end that a token is no longer used
_tokens: dict[tuple[str, ...], tuple[str, float]] = {}


def ask(product: Product, method: str, path: str, **request: Any) -> httpx.Response:
    """Its answer. Raises NoAnswer, also where no token is to be had, and NoSense.

    A token may be revoked before its time: then the call, which was not carried out, is made once more.
    """
    headers = request.pop("headers", {})
    for last in (False, True):
        token = _token(product, fresh=last)
        answer = call(
            method,
            settings.MTN_MOMO_API_URL,
            f"/{product}{path}",
            headers={
                **headers,
                "Authorization": f"Bearer {token}",
                "Ocp-Apim-Subscription-Key": _of(product, "SUBSCRIPTION_KEY"),
                "X-Target-Environment": settings.MTN_MOMO_TARGET_ENVIRONMENT,
            },
            **request,
        )
        if answer.status_code != 401:
            break
    return answer


# Private functions


def _token(product: Product, *, fresh: bool) -> str:
    """Kept in the process: two threads may fetch one each, and both are good."""
    user, key = _of(product, "API_USER"), _of(product, "API_KEY")
    whose = (settings.MTN_MOMO_API_URL, product, user, key)
    token, until = _tokens.get(whose, ("", 0.0))
    if token and not fresh and time.monotonic() < until:
        return token
    headers = {"Ocp-Apim-Subscription-Key": _of(product, "SUBSCRIPTION_KEY")}
    answer = call("POST", settings.MTN_MOMO_API_URL, f"/{product}/token/", auth=(user, key), headers=headers)
    if answer.status_code != 200:
        raise NoAnswer(f"no access: {answer.status_code}")
    given = object_in(answer)
    token = str(given.get("access_token"))
    _tokens[whose] = (token, time.monotonic() + float(given.get("expires_in", 0)) - _EARLY)
    return token


def _of(product: Product, what: str) -> str:
    return str(getattr(settings, f"MTN_MOMO_{product.upper()}_{what}"))
