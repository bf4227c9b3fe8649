"""``Idempotency-Key``: a request that is sent twice has one effect and one answer.

The key's row is claimed before the view runs, and every transaction of the domain that the view commits writes
``effect_at`` into that row **in the same transaction**. So after a crash at any point the next attempt knows the truth:
no effect, and the request runs again; or an effect whose answer was lost, and the caller is told to read the resource.

Kept answers: all successes; refusals that the domain decided (402, 409, 410, 422), so that a late duplicate can't do
what its sender was told had failed; any answer below 500 once there is an effect. Not kept: what says nothing about the
intent (400, 401, 403, 404, 412, 428, 429 and the like: mend the request and send it again with the same key) and 5xx.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.core.exceptions import ObjectDoesNotExist
from django.db import Error, connections
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from rest_framework.request import Request

from kelmah import clock
from kelmah.db import atomic
from kelmah.db.transaction import with_every_commit
from kelmah.domain import model_of
from kelmah.http.address import address_block, client_address
from kelmah.http.errors import (
    IdempotencyKeyMalformed,
    IdempotencyKeyReused,
    RequestAlreadyCarriedOut,
    RequestInFlight,
)
from kelmah.http.fingerprint import request_fingerprint
from kelmah.principal import Principal

log = structlog.get_logger(__name__)

KEPT_FOR = timedelta(days=30)
# Longer than any request lives behind the gateway: older claims belong to processes that died.
ABANDONED_AFTER = timedelta(seconds=60)
DECIDED = frozenset({402, 409, 410, 422})
_KEPT_HEADERS = ("Content-Type", "ETag", "Location", "Link")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass
class Claim:
    """The right to carry out the request of one key, held by one thread; or the answer already given."""

    domain: str
    row: Any
    answered: bool = False

    @contextmanager
    def marking_effects(self) -> Iterator[None]:
        """While this runs, what the domain commits is written down as the effect of this key."""
        with with_every_commit(self.domain, self._mark_effect):
            yield

    def replay(self) -> HttpResponse:
        """The first answer, again."""
        response = HttpResponse(bytes(self.row.body), status=self.row.status, headers=self.row.headers)
        response.headers["Idempotency-Replayed"] = "true"
        return response

    def settle(self, response: HttpResponseBase) -> None:
        """Keep the answer if it is one to keep, else free the key. The answer is on its way whatever happens here."""
        try:
            with atomic(self.domain):
                self._settle(response)
        except Error as error:
            # The effect is committed and marked: a repeated request will be told so.
            log.error("idempotent_answer_not_kept", exc_info=error)

    def release(self) -> None:
        """The view failed: a repeated request may try again, unless an effect was committed."""
        self.settle(HttpResponse(status=500))

    def _settle(self, response: HttpResponseBase) -> None:
        mine = self._mine()
        status = response.status_code
        if status < 400 or status in DECIDED:
            mine.update(**_kept(response))
        elif mine.filter(effect_at__isnull=True).delete()[0] == 0:
            # There is an effect. Without an answer to keep, the claim is over at once instead of after a minute.
            mine.update(**(_kept(response) if status < 500 else {"locked_at": self.row.locked_at - ABANDONED_AFTER}))

    def _mark_effect(self) -> None:
        """Runs inside the transaction of the effect, last thing before it commits."""
        if not self._mine().update(effect_at=clock.now()):
            # This thread was so slow that another took over: its effect must not come on top of the other's.
            raise RequestInFlight("Another attempt with this Idempotency-Key has taken over.")

    def _mine(self) -> Any:
        return type(self.row).objects.filter(pk=self.row.pk, locked_at=self.row.locked_at, status__isnull=True)


def key_of(request: Request) -> str:
    """The key that the request names. Raises IdempotencyKeyMalformed."""
    key = request.headers["Idempotency-Key"]
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyMalformed
    return key


def claim(request: Request, *, domain: str, user: Principal | None) -> Claim:
    """Claim the key of this request, or find its answer.

    Raises IdempotencyKeyMalformed, IdempotencyKeyReused, RequestInFlight, RequestAlreadyCarriedOut.
    """
    identity = {"caller": _caller(request, user), "route": _route(request), "key": key_of(request)}
    return _claim(domain, identity, request_fingerprint(request))


def forget_old_keys(domain: str) -> int:
    """Delete what was kept for 30 days; returns how many. The relay process does it every hour."""
    with atomic(domain):
        old = _table(domain).objects.filter(created_at__lt=clock.now() - KEPT_FOR)
        deleted: int = old.delete()[0]
        return deleted


def _claim(domain: str, identity: dict[str, str], fingerprint: bytes) -> Claim:
    table = _table(domain)
    with atomic(domain):
        now = clock.now()
        if row := _inserted(table, domain, identity, fingerprint):
            return Claim(domain, row)
        try:
            # Two that find the same abandoned claim must not both take it over. A claim whose effect is just being
            # committed was already waited for by the insert, which conflicts with it.
            row = table.objects.select_for_update().get(**identity)
        except ObjectDoesNotExist:
            raise RequestInFlight(data={"retry_after": 1}) from None  # freed a moment ago
        if row.created_at < now - KEPT_FOR:
            return Claim(domain, _restarted(row, fingerprint, created_at=now))
        if bytes(row.request_hash) != fingerprint:
            raise IdempotencyKeyReused
        if row.status is not None:
            return Claim(domain, row, answered=True)
        age = now - row.locked_at
        if age < ABANDONED_AFTER:
            raise RequestInFlight(data={"retry_after": max(1, int((ABANDONED_AFTER - age).total_seconds()))})
        if row.effect_at is not None:
            raise RequestAlreadyCarriedOut
        return Claim(domain, _restarted(row, fingerprint))


def _inserted(table: Any, domain: str, identity: dict[str, str], fingerprint: bytes) -> Any | None:
    """In one statement, so that of two first requests exactly one gets the row; the other waits for its commit."""
    now = clock.now()
    with connections[domain].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table._meta.db_table} (caller, route, key, request_hash, locked_at, headers, created_at)"  # noqa: S608
            " VALUES (%s, %s, %s, %s, %s, '{}', %s) ON CONFLICT (caller, route, key) DO NOTHING RETURNING id",
            [identity["caller"], identity["route"], identity["key"], fingerprint, now, now],
        )
        made = cursor.fetchone()
    return table(id=made[0], request_hash=fingerprint, locked_at=now, created_at=now, **identity) if made else None


def _restarted(row: Any, fingerprint: bytes, **changes: Any) -> Any:
    fresh = {"request_hash": fingerprint, "locked_at": clock.now(), "effect_at": None, "status": None, "body": None}
    for name, value in {**fresh, **changes}.items():
        setattr(row, name, value)
    row.save()
    return row


def _kept(response: HttpResponseBase) -> dict[str, Any]:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return {"status": response.status_code, "headers": headers, "body": getattr(response, "content", b"")}


def _caller(request: Request, user: Principal | None) -> str:
    if user:
        return f"user:{user.user_id}"
    address = address_block(client_address(request._request))
    return f"addr:{salted_hmac('kelmah.idempotency', address, algorithm='sha256').hexdigest()}"


def _route(request: Request) -> str:
    match = request.resolver_match
    return f"{request.method} {match.route if match else request.path}"


def _table(domain: str) -> Any:
    return model_of(domain, "IdempotencyKey")
