"""API keys: made, rotated, revoked by their owner, and exchanged for access tokens by programs."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.conf import settings

from domains.identity.actions.denial import deny_after_commit
from domains.identity.actions.notices import tell
from domains.identity.models import ApiKey, User
from domains.identity.queries import lock_user
from domains.identity.queries.api_keys import key_by_prefix, living_keys, lock_own_key
from domains.identity.queries.restrictions import taken_from
from domains.identity.rules import api_keys as rules
from kelmah import clock
from kelmah.db import atomic
from kelmah.http.keys import sign_access_token


@dataclass(frozen=True, kw_only=True)
class MadeKey:
    """``text`` is the key itself: shown once and never stored."""

    key: ApiKey
    text: str


@dataclass(frozen=True, kw_only=True)
class KeyToken:
    """``expires_in`` is in seconds."""

    key: ApiKey
    access_token: str
    expires_in: int


def make_key(
    *, user_id: UUID, name: str, scopes: Sequence[str], mode: rules.Mode = "live", lasts: timedelta = rules.LASTS
) -> MadeKey:
    """A new key of somebody's, of which they are told. Raises TooManyKeys."""
    with atomic("identity"):
        user = lock_user(user_id)  # two may be made at once, and both find the last room
        if living_keys(user_id).count() >= rules.MOST_KEYS:
            raise rules.TooManyKeys
        return _make(user, name=name, scopes=scopes, mode=mode, lasts=lasts)


def rotate_key(*, user_id: UUID, key_id: UUID, overlap: timedelta = rules.OVERLAP) -> MadeKey:
    """A successor with the same name, scopes and life; the old key works for ``overlap`` more, and no longer than it
    would have. Raises NotFound, KeyReplaced."""
    with atomic("identity"):
        user = lock_user(user_id)
        old = lock_own_key(user_id=user_id, key_id=key_id)  # rotated twice at once it would have two successors
        if old.successor_id is not None:
            raise rules.KeyReplaced(data={"successor": str(old.successor_id)})
        made = _make(user, name=old.name, scopes=old.scopes, mode=cast(rules.Mode, old.mode), lasts=_life(old))
        old.successor_id = made.key.id
        if overlap > timedelta():
            old.expires_at = min(old.expires_at, clock.now() + overlap)
            old.save(update_fields=["successor_id", "expires_at"])
        else:
            old.save(update_fields=["successor_id"])
            _revoke(old)
        return made


def revoke_key(*, user_id: UUID, key_id: UUID) -> None:
    """End a key, and the access tokens of it, at once. Raises NotFound, for others' and ended ones too."""
    with atomic("identity"):
        _revoke(lock_own_key(user_id=user_id, key_id=key_id))


def revoke_all_keys(user_id: UUID) -> None:
    """End every key of somebody, inside the caller's transaction with the user's row locked."""
    for key in living_keys(user_id).select_for_update().order_by("id"):
        _revoke(key)


def exchange_key(*, text: str, ip: str | None) -> KeyToken:
    """An access token for the bearer of a key, no longer than the key lives. Raises KeyInvalid."""
    named = rules.read_api_key(text)
    key = key_by_prefix(named[0]) if named else None
    if named is None or key is None or not hmac.compare_digest(bytes(key.secret_hash), named[1]):
        raise rules.KeyInvalid
    now = clock.now()
    _remember_use(key, ip=ip, now=now)
    lasts = min(timedelta(seconds=settings.ACCESS_TOKEN_SECONDS), key.expires_at - now)
    claims = {
        "sub": str(key.user_id),
        "sid": str(key.id),
        "roles": [key.user.role],  # what was granted to the person is not for programs
        "restricted": taken_from(key.user_id),
        "amr": ["swk"],
        "auth_time": int(key.created_at.timestamp()),
        "mfa": 0,
        "standing": key.user.standing,
        "api_key": {"scopes": sorted(key.scopes), "test": key.mode == "test"},
    }
    token = sign_access_token(claims, lifetime=lasts)
    return KeyToken(key=key, access_token=token, expires_in=int(lasts.total_seconds()))


# Private functions


def _make(user: User, *, name: str, scopes: Sequence[str], mode: rules.Mode, lasts: timedelta) -> MadeKey:
    now = clock.now()
    text, prefix, secret_hash = rules.new_api_key(mode)
    key = ApiKey.objects.create(
        user=user,
        name=name,
        prefix=prefix,
        secret_hash=secret_hash,
        mode=mode,
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=now + lasts,
    )
    tell(user.id, "api_key_made", detail=name)
    return MadeKey(key=key, text=text)


def _life(key: ApiKey) -> timedelta:
    return min(key.expires_at - key.created_at, rules.LASTS_AT_MOST)


def _revoke(key: ApiKey) -> None:
    key.revoked_at = clock.now()
    key.save(update_fields=["revoked_at"])
    deny_after_commit(key.id)
    tell(key.user_id, "api_key_revoked", detail=key.name)


def _remember_use(key: ApiKey, *, ip: str | None, now: datetime) -> None:
    # A program that asks a hundred times a second writes once a minute.
    if key.last_used_at is None or key.last_used_ip != ip or now - key.last_used_at >= rules.SEEN_EVERY:
        ApiKey.objects.filter(id=key.id).update(last_used_at=now, last_used_ip=ip)
