"""Every exception that is a refusal, as a ``DomainError``."""

from collections.abc import Iterator
from typing import Any

import structlog
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions

from kelmah.errors import (
    DomainError,
    FieldError,
    Forbidden,
    InvalidInput,
    NotFound,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from kelmah.http.errors import (
    BadRequest,
    BodyMalformed,
    BodyTooLarge,
    MethodNotAllowed,
    NotAcceptable,
    TokenInvalid,
    UnsupportedMediaType,
    WrongRole,
)

log = structlog.get_logger(__name__)

_SIMPLE: tuple[tuple[type[Exception] | tuple[type[Exception], ...], type[DomainError]], ...] = (
    (exceptions.ParseError, BodyMalformed),
    (exceptions.NotAuthenticated, Unauthenticated),
    (exceptions.AuthenticationFailed, TokenInvalid),
    (exceptions.MethodNotAllowed, MethodNotAllowed),
    (exceptions.NotAcceptable, NotAcceptable),
    (exceptions.UnsupportedMediaType, UnsupportedMediaType),
    ((Http404, exceptions.NotFound), NotFound),
    ((RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent), BodyTooLarge),
    (PermissionDenied, Forbidden),
    (SuspiciousOperation, BadRequest),
)


def as_domain_error(exc: Exception) -> DomainError | None:
    """The refusal that ``exc`` amounts to; None when it is a fault of ours."""
    if isinstance(exc, DomainError):
        return exc
    if isinstance(exc, exceptions.ValidationError):
        return InvalidInput(errors=list(_field_errors(exc.detail, "")))
    if isinstance(exc, exceptions.PermissionDenied):
        codes = exc.get_codes()
        return WrongRole(str(exc.detail)) if codes == WrongRole.code else Forbidden()
    if isinstance(exc, exceptions.Throttled):
        return TooManyRequests(data={"retry_after": int(getattr(exc, "wait", None) or 1)})
    if isinstance(exc, OperationalError | InterfaceError):
        # No connection, no free one in the pool, a lock or statement that took too long: all pass.
        log.error("database_unavailable", exc_info=exc)
        return Unavailable(data={"retry_after": 2})
    return next((error() for kind, error in _SIMPLE if isinstance(exc, kind)), None)


def _field_errors(detail: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _field_errors(inner, pointer if name == "non_field_errors" else f"{pointer}/{_escaped(name)}")
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            # A list of texts is about this field, a list of lists or objects about its items.
            yield from _field_errors(inner, pointer if isinstance(inner, str) else f"{pointer}/{index}")
    else:
        yield FieldError(pointer=pointer, code=getattr(detail, "code", "invalid") or "invalid", detail=str(detail))


def _escaped(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")
