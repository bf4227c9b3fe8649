"""What is taken from people for a time."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from domains.identity.models import Restriction
from domains.identity.rules.restrictions import IN_FORCE
from kelmah import clock
from kelmah.errors import NotFound
from kelmah.rights.declared import declared


def taken_from(user_id: UUID) -> list[str]:
    """The permissions that somebody does not have now, whatever their roles; sorted."""
    kinds = Restriction.objects.filter(user_id=user_id, state__in=IN_FORCE, until__gt=clock.now()).values_list(
        "kind", flat=True
    )
    known = declared().restrictions
    return sorted({permission for kind in kinds if kind in known for permission in known[kind].takes})


def restricted(*, ids: Sequence[UUID], permission: str) -> list[UUID]:
    """Those of these people who don't have the permission now, whatever their roles."""
    kinds = [name for name, each in declared().restrictions.items() if permission in each.takes]
    found = Restriction.objects.filter(user_id__in=ids, kind__in=kinds, state__in=IN_FORCE, until__gt=clock.now())
    return list(found.values_list("user_id", flat=True).distinct())


def restrictions_of(user_id: UUID) -> QuerySet[Restriction]:
    """One's own, those that are over, too."""
    return Restriction.objects.filter(user_id=user_id)


def lock_own(*, restriction_id: UUID, user_id: UUID) -> Restriction:
    """One's own, locked. Raises NotFound, for those of others too."""
    found = Restriction.objects.select_for_update().filter(id=restriction_id, user_id=user_id).first()
    if found is None:
        raise NotFound("You have no such restriction.")
    return found


def restriction(restriction_id: UUID) -> Restriction:
    """Raises NotFound."""
    found = Restriction.objects.filter(id=restriction_id).first()
    if found is None:
        raise NotFound("There is no such restriction.")
    return found
