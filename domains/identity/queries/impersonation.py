"""Who of staff looked as whom."""

from uuid import UUID

from django.db.models import QuerySet

from domains.identity.models import Impersonation
from kelmah import clock
from kelmah.errors import NotFound


def impersonations_of(user_id: UUID) -> QuerySet[Impersonation]:
    """Every time that staff looked as this person."""
    return Impersonation.objects.filter(user_id=user_id)


def going_on_by(staff_id: UUID) -> QuerySet[Impersonation]:
    """What somebody of staff has begun and not ended."""
    return Impersonation.objects.filter(staff_id=staff_id, ended_at__isnull=True, expires_at__gt=clock.now())


def lock_impersonation(impersonation_id: UUID) -> Impersonation:
    """One that goes on, locked. Raises NotFound, for those that are over too."""
    going_on = Impersonation.objects.filter(ended_at__isnull=True, expires_at__gt=clock.now())
    found = going_on.select_for_update().filter(id=impersonation_id).first()
    if found is None:
        raise NotFound("There is no such impersonation, or it is over.")
    return found
