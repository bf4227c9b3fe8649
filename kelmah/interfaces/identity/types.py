"""What identity tells the other domains about people."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from kelmah.money import Money

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
    "erasure_held",
    "erasure_requested",
    "erasure_withdrawn",
    "export_ready",
    "factors_reset",
    "factors_reset_agreed",
    "factors_reset_asked",
    "factors_reset_stopped",
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
    "restricted",
    "restriction_lifted",
    "restriction_upheld",
    "totp_added",
    "totp_removed",
    "verification_ends",
    "verification_expired",
    "verification_rejected",
    "verification_revoked",
    "verified",
)

# What an API key may be good for, and what that lets a program do in its owner's name.
KEY_SCOPES: Final = {
    "contracts:money": "Fund milestones from the wallet",
    "contracts:read": "See contracts and milestones",
    "contracts:write": "Sign, start, hand in, ask for changes, approve",
    "files:read": "See and download files",
    "files:write": "Upload and remove files",
    "marketplace:read": "See jobs, proposals and offers",
    "marketplace:write": "Post jobs, propose, make and accept offers",
    "messaging:read": "Read conversations and notifications",
    "messaging:write": "Write messages, mark as read",
    "payments:money": "Pay into the wallet",
    "payments:read": "See the wallet and its statement",
    "profiles:read": "See profiles",
    "reviews:read": "See reviews",
    "reviews:write": "Review and reply",
}


# What people set by which ways they want to hear of. messaging says what belongs to which.
NOTICE_TOPICS: Final = ("jobs", "contracts", "money", "reviews", "account")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with an account, as others may see them. ``status`` is ``active``, ``suspended``, ``deactivated`` or
    ``erased``; ``verified_level`` is how far they have shown who they are, 0 to 3."""

    user_id: UUID
    display_name: str
    role: str
    locale: str
    zone: str
    status: str
    verified_level: int = 0


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
    """A worker's or hirer's public profile. ``stars`` is the Bayesian mean in hundredths (437 is 4.37);
    ``verified_level`` is how far they have shown who they are, 0 to 3."""

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
    verified_level: int = 0


@dataclass(frozen=True, kw_only=True)
class Around:
    """A circle on the ground; degrees and kilometres."""

    latitude: float
    longitude: float
    radius_km: float


@dataclass(frozen=True, kw_only=True)
class WorkerSearch:
    """Which workers are looked for; empty means any. Of words and skills any one is enough. ``around``: those within
    the circle whose own service area reaches its middle. ``max_hourly`` is what an hour may cost, ``min_stars`` in
    hundredths; ``available_at``: free at that moment, by their own clock."""

    text: str = ""
    skill_ids: list[str] = field(default_factory=list)
    around: Around | None = None
    max_hourly: Money | None = None
    min_stars: int | None = None
    min_level: int | None = None
    languages: list[str] = field(default_factory=list)
    available_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class FoundWorker:
    """A worker as the directory shows them. ``score`` 0 to 1 says how well they fit and stand, ``distance_km`` how far
    they are from the middle of the circle, if there was one; ``stars`` in hundredths."""

    user_id: UUID
    display_name: str
    headline: str
    skills: list[SkillLevel]
    distance_km: float | None
    stars: int | None
    reviews: int
    jobs: int
    verified_level: int
    score: float
