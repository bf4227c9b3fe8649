"""Facts about people."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kelmah.events.event import Event
from kelmah.interfaces.privacy import Asked, keepers


@dataclass(frozen=True, kw_only=True)
class UserRegistered(Event, domain="identity", key="user_id", to=("messaging",)):
    """Somebody has an account. ``role`` is ``worker`` or ``hirer``; ``phone`` is E.164 or empty, as is ``email``."""

    user_id: UUID
    role: str
    display_name: str
    email: str
    phone: str
    locale: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class ProfileUpdated(Event, domain="identity", key="user_id", to=("messaging",)):
    """The name or the language of somebody changed, or another part of their profile did."""

    user_id: UUID
    display_name: str
    locale: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class UserStatusChanged(Event, domain="identity", key="user_id", to=("messaging",)):
    """An account is ``active``, ``suspended`` (by staff) or ``deactivated`` (by its owner, until the next login)."""

    user_id: UUID
    status: str


@dataclass(frozen=True, kw_only=True)
class AddressesChanged(Event, domain="identity", key="user_id", to=("messaging",)):
    """Where to reach somebody, as they have proved: an e-mail address and a number in E.164, either may be empty."""

    user_id: UUID
    email: str
    phone: str


@dataclass(frozen=True, kw_only=True)
class UserVerified(Event, domain="identity", key="user_id", to=("messaging",)):
    """Somebody rose or fell on the verification ladder: from level ``before`` to ``level``, 0 to 3."""

    user_id: UUID
    level: int
    before: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class NoticeSettingsChanged(Event, domain="identity", key="user_id", to=("messaging",)):
    """How somebody wants to be told of things. ``mail_off`` and ``sms_on`` name ``types.NOTICE_TOPICS``; quiet hours
    are ``HH:MM`` in their zone, or both empty."""

    user_id: UUID
    mail_off: list[str]
    sms_on: list[str]
    quiet_from: str
    quiet_until: str


@dataclass(frozen=True, kw_only=True)
class SessionRevoked(Event, domain="identity", key="user_id", to=("messaging",)):
    """A session ended early: ``reason`` is ``logout``, ``ended_by_owner`` (from another device), ``too_many``,
    ``refresh_reused``, ``password_changed``, ``staff`` or ``erased``."""

    user_id: UUID
    session_id: UUID
    reason: str
    device: str


@dataclass(frozen=True, kw_only=True)
class AccountChanged(Event, domain="identity", key="user_id", to=("messaging",)):
    """Something about how somebody logs in, who they are or what they may do: the person must hear of it, since it may
    not have been them. ``what`` is one of ``types.ACCOUNT_CHANGES``; ``device`` is where it was done, if it was one;
    ``detail`` what it is about, in a few words without secrets."""

    user_id: UUID
    what: str
    device: str
    detail: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RoleGranted(Event, domain="identity", key="user_id", to=("messaging",)):
    """What somebody is, besides what they chose at sign-up, has changed: ``change`` is ``granted``, ``withdrawn`` or
    ``expired``. ``title`` is the role in words; ``scope_kind`` and ``scope_id`` are empty for what is held everywhere;
    ``expires_at`` is None for good; ``by_themselves``: it follows from something they did, as founding a company."""

    user_id: UUID
    role: str
    title: str
    scope_kind: str
    scope_id: str
    change: str
    by_themselves: bool
    expires_at: datetime | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PersonAsked(Asked, Event, domain="identity", key="user_id", to=keepers()):
    """Somebody wants a copy of their data, or their end. Every domain that keeps any answers: ``PersonAnswered``."""


@dataclass(frozen=True, kw_only=True)
class ExportCollected(Event, domain="identity", key="user_id", to=("files",)):
    """Every domain has handed over its part of a copy: it can be packed."""

    request_id: UUID
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class UserErased(Event, domain="identity", key="user_id", to=()):
    """No domain holds anything of this person any more but their id, and what had to stay without their words."""

    user_id: UUID
    request_id: UUID
    at: datetime
