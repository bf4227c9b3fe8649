"""What identity tells the other domains about people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

# What can be said of an account in ``AccountChanged``. messaging has a text for each.
ACCOUNT_CHANGES: Final = (
    "account_deactivated",
    "account_reactivated",
    "account_locked",
    "addresses_restored",
    "api_key_made",
    "api_key_revoked",
    "company_invitation",
    "email_changed",
    "erasure_requested",
    "erasure_withdrawn",
    "export_ready",
    "factors_reset",
    "impersonated",
    "login_linked",
    "login_unlinked",
    "new_device",
    "passkey_added",
    "passkey_removed",
    "password_changed",
    "phone_changed",
    "recovery_code_used",
    "recovery_codes_made",
    "totp_added",
    "totp_removed",
    "verification_expired",
    "verification_rejected",
    "verification_revoked",
    "verified",
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with an account, as others may see them. ``status`` is ``active``, ``suspended``,
    ``deactivated`` or ``erased``."""

    user_id: UUID
    display_name: str
    role: str
    locale: str
    zone: str
    status: str


@dataclass(frozen=True, kw_only=True)
class HeldRole:
    """A role that somebody holds now: everywhere when the scope is empty; until ``expires_at``, or for good."""

    role: str
    scope_kind: str
    scope_id: str
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class SkillLevel:
    """One skill of a worker: the taxonomy's id, ``level`` 1 (beginner) to 5 (master), and years of practice.
    ``verified``: a certificate proved it."""

    skill_id: str
    name: str
    level: int
    years: int
    verified: bool = False


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A worker's or hirer's public profile. ``stars`` is the Bayesian mean in hundredths (437 is 4.37)."""

    user_id: UUID
    display_name: str
    role: str
    headline: str
    bio: str
    skills: list[SkillLevel]
    place: str
    radius_km: int | None
    stars: int | None
    reviews: int
    completeness: int
