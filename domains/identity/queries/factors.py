"""Second factors."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from domains.identity.models import Factor, RecoveryCode
from domains.identity.rules.factors import KINDS, FactorNotFound
from kelmah.rights.declared import declared


def needs_factor(roles: Collection[str]) -> bool:
    """Whether one of these roles may only be used with a second factor: those of staff, and privileged ones."""
    known = declared().roles
    return any(role == "staff" or (role in known and known[role].privileged) for role in roles)


def factors_of(user_id: UUID) -> QuerySet[Factor]:
    """The factors that count, oldest first."""
    return Factor.objects.filter(user_id=user_id, confirmed_at__isnull=False).order_by("created_at", "id")


def kinds_of(user_id: UUID) -> list[str]:
    """The kinds of proof that somebody with factors has; empty for whoever has none."""
    held = set(factors_of(user_id).values_list("kind", flat=True))
    kinds: list[str] = [kind for kind in KINDS if kind in held]
    return [*kinds, "recovery_code"] if kinds and codes_left(user_id) else kinds


def codes_left(user_id: UUID) -> int:
    """How many recovery codes are unused."""
    return RecoveryCode.objects.filter(user_id=user_id, used_at__isnull=True).count()


def access_factor(factor_id: UUID, *, user_id: UUID) -> Factor:
    """One of somebody's own factors. Raises FactorNotFound."""
    factor = factors_of(user_id).filter(id=factor_id).first()
    if factor is None:
        raise FactorNotFound
    return factor


def passkey_ids(user_id: UUID) -> list[bytes]:
    held = factors_of(user_id).filter(kind="passkey")
    return [bytes(each) for each in held.values_list("credential_id", flat=True) if each is not None]
