"""Ten codes for the day when the phone is gone."""

from uuid import UUID

from domains.identity import queries
from domains.identity.actions.notices import tell
from domains.identity.models import RecoveryCode, User
from domains.identity.queries import factors as of_factors
from domains.identity.rules import factors as rules
from domains.identity.rules import recovery_codes
from kelmah import clock
from kelmah.db import atomic


def make_new_codes(*, user_id: UUID) -> list[str]:
    """Ten new codes in place of all old ones, shown once. Raises NoFactorYet."""
    with atomic("identity"):
        user = queries.lock_user(user_id)  # an old code may be in use: it is used, or void
        if not of_factors.factors_of(user.id).exists():
            raise rules.NoFactorYet
        return replace_codes(user)


def replace_codes(user: User) -> list[str]:
    """As ``make_new_codes``, inside the caller's transaction, the user's row locked."""
    now, codes = clock.now(), recovery_codes.new_codes()
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, code_hash=recovery_codes.hash_of(code, user_id=user.id), created_at=now)
        for code in codes
    )
    tell(user.id, "recovery_codes_made")
    return codes
