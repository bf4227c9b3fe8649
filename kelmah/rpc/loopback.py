"""The transport of tests: everything that the wire does, without a network. What can't cross fails here first."""

from contextvars import Context
from functools import cache
from typing import cast

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse
from django.test import RequestFactory

from kelmah.rpc import travel
from kelmah.rpc.service import Method
from kelmah.rpc.signing import sign


def send(method: Method, body: bytes, caller: str) -> tuple[int, bytes]:
    headers = sign(path=method.path, body=body, caller=caller, travelling=travel.signed()) | travel.unsigned()
    # In an empty context, as another process would be: what travels, travels in headers.
    return Context().run(_serve, method.path, body, headers)


def _serve(path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    factory = RequestFactory(SERVER_NAME=_own_name())
    request = factory.generic("POST", path, body, "application/json", headers=headers)
    response = cast(HttpResponse, _handler(tuple(settings.MIDDLEWARE)).get_response(request))
    return response.status_code, response.content


def _own_name() -> str:
    """A name that this process answers to."""
    return next((name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"), "testserver")


@cache
def _handler(middleware: tuple[str, ...]) -> BaseHandler:
    """One per list of middleware: loading it anew for every call would cost more than the call."""
    handler = BaseHandler()
    handler.load_middleware()
    return handler
