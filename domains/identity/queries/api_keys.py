"""API keys."""

from uuid import UUID

from django.db.models import QuerySet

from domains.identity.models import ApiKey
from kelmah import clock
from kelmah.errors import NotFound


def keys_of(user_id: UUID) -> QuerySet[ApiKey]:
    """All of somebody's keys that are not forgotten yet."""
    return ApiKey.objects.filter(user_id=user_id)


def living_keys(user_id: UUID) -> QuerySet[ApiKey]:
    return keys_of(user_id).filter(revoked_at__isnull=True, expires_at__gt=clock.now())


def lock_own_key(*, user_id: UUID, key_id: UUID) -> ApiKey:
    """One of somebody's living keys, locked. Raises NotFound, for others' and ended ones too."""
    key = living_keys(user_id).select_for_update().filter(id=key_id).first()
    if key is None:
        raise NotFound("You have no such key.")
    return key


def key_by_prefix(prefix: str) -> ApiKey | None:
    """A living key of somebody who is active."""
    living = ApiKey.objects.filter(revoked_at__isnull=True, expires_at__gt=clock.now(), user__status="active")
    return living.select_related("user").filter(prefix=prefix).first()
