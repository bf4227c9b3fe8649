"""Callers who speak for somebody without being them: programs with an API key, and staff who impersonate.

A program comes in only where its key has the scope of the view, and never where a person must be there. Staff look and
change nothing, except where a view says that they may.
"""

from datetime import datetime
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from kelmah.http.authentication import AccessToken, caller_of
from kelmah.http.errors import ImpersonationRefused, KeyNotAllowed, ScopeMissing
from kelmah.interfaces.identity.types import KEY_SCOPES
from kelmah.principal import Principal

SAFE: Final = ("GET", "HEAD", "OPTIONS")


def check_delegation(request: Request, view: Any) -> None:
    """Let people through, and others as far as the view is for them.

    Raises KeyNotAllowed and ScopeMissing for programs, ImpersonationRefused for staff.
    """
    caller = caller_of(request)
    if caller is None:
        return
    if caller.key_id is not None:
        _check_scope(caller, view.key_scope_of(request.method))
    if caller.impersonated_by is not None and view.refuses_impersonation_of(request.method):
        raise ImpersonationRefused


def mark_delegation(request: Request, response: Response) -> None:
    """Say on the answer that it was not the person who asked: ``Kelmah-Impersonated-By`` with ``-Until``, so that a
    page can show a banner, and ``Kelmah-Key-Mode`` to programs."""
    caller = request.user if isinstance(request.user, Principal) else None
    if caller is None:
        return
    if caller.impersonated_by is not None and isinstance(request.auth, AccessToken):
        response.headers["Kelmah-Impersonated-By"] = str(caller.impersonated_by)
        response.headers["Kelmah-Impersonation-Until"] = _written(request.auth.expires_at)
    if caller.key_id is not None:
        response.headers["Kelmah-Key-Mode"] = "test" if caller.test_mode else "live"


def scope_of(view: Any, method: str | None) -> str | None:
    """The scope that a key needs here: what the view says, else ``<domain>:read``, ``:write``, or ``:money`` where an
    Idempotency-Key is required. None where no key comes in: where a person must be there, and where ``KEY_SCOPES``
    has no such scope."""
    if view.key_scope is not None:
        return str(view.key_scope) or None
    if view.rate_class == "auth" or view.for_staff or view.needs_fresh_proof:
        return None
    change = "money" if view.idempotency_required else "write"
    scope = f"{view.domain()}:{'read' if method in SAFE else change}"
    return scope if scope in KEY_SCOPES else None


# Private functions


def _check_scope(caller: Principal, scope: str | None) -> None:
    if scope is None:
        raise KeyNotAllowed
    if scope not in caller.key_scopes:
        raise ScopeMissing(f"This key does not have the scope {scope}.", data={"scope": scope})


def _written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
