"""Requests to take somebody's second factors away."""

from datetime import datetime
from uuid import UUID

from domains.identity.models import FactorReset
from domains.identity.rules import factor_resets as rules
from kelmah.errors import NotFound


def reset(reset_id: UUID) -> FactorReset:
    """Raises NotFound."""
    found = FactorReset.objects.filter(id=reset_id).first()
    if found is None:
        raise NotFound("There is no such request.")
    return found


def living_of(user_id: UUID) -> FactorReset:
    """The one that is under way. Raises ResetNotFound."""
    found = FactorReset.objects.filter(user_id=user_id, state__in=rules.LIVING).first()
    if found is None:
        raise rules.ResetNotFound
    return found


def lock_reset(reset_id: UUID) -> FactorReset:
    """The row, locked until the transaction ends; its user's row was locked before."""
    return FactorReset.objects.select_for_update().get(id=reset_id)


def was_reset_since(user_id: UUID, moment: datetime) -> bool:
    """Whether somebody's second factors were taken away after that."""
    return FactorReset.objects.filter(user_id=user_id, state="done", ended_at__gt=moment).exists()
