"""Making accounts and switching them off."""

from typing import Any, NoReturn
from uuid import UUID

from django.db import IntegrityError

from domains.identity import queries, rules
from domains.identity.actions.hashing import hash_new_password
from domains.identity.actions.notices import tell
from domains.identity.actions.sessions import Device, IssuedTokens, end_all_sessions, open_session
from domains.identity.actions.statuses import change_status
from domains.identity.models import Profile, User
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import FieldError, InvalidInput
from kelmah.events.publish import publish
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import UserRegistered

# The unique columns of User, by the names that PostgreSQL gives their constraints.
_LOGINS = frozenset({"identity_user_email_key", "identity_user_phone_key"})


def register(
    *,
    email: str = "",
    phone: str = "",
    password: str,
    role: str,
    display_name: str,
    locale: str = "en",
    zone: str = rules.HOME_ZONE,
    device: Device,
    user_id: UUID | None = None,
) -> IssuedTokens:
    """A new worker or hirer whose addresses need no proof, logged in: for demo data and tests.

    ``email`` or ``phone`` may be empty, not both.

    Raises InvalidInput, LoginTaken, Unavailable.
    """
    if role not in rules.ROLES_TO_CHOOSE:
        raise InvalidInput(errors=[FieldError("/role", "invalid_choice", "Choose worker or hirer.")])
    if not email and not phone:
        raise InvalidInput(errors=[FieldError("/email", "required", "Give an e-mail address or a phone number.")])
    clean = {
        "email": rules.clean_email(email) if email else None,
        "phone": rules.clean_phone(phone) if phone else None,
        "display_name": rules.clean_display_name(display_name),
    }
    hashed = hash_new_password(password, role=role, context=[text for text in clean.values() if text])
    try:
        with atomic("identity"):
            user = make_member(user_id=user_id, password=hashed, role=role, locale=locale, zone=zone, **clean)
            return open_session(user, device)
    except IntegrityError as error:
        raise_login_taken(error)


def make_member(*, user_id: UUID | None = None, **columns: Any) -> User:
    """A worker or hirer with clean columns and a profile, inside the caller's transaction; everybody is told.

    The unique columns decide between two registrations of one login at once: raises IntegrityError.
    """
    user = _make(user_id=user_id, **columns)
    Profile.objects.create(user=user)
    _tell_of_registration(user)
    return user


def raise_login_taken(error: IntegrityError) -> NoReturn:
    """LoginTaken, if that is what went wrong."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if getattr(diagnosis, "constraint_name", None) in _LOGINS:
        raise rules.LoginTaken() from None
    raise error


def create_staff(
    *, email: str, password: str, display_name: str, has_all_rights: bool = True, user_id: UUID | None = None
) -> User:
    """Somebody who enters the staff desk, with all rights or with those of the roles that are granted to them. For
    operators only. Raises InvalidInput, LoginTaken, Unavailable."""
    clean = {"email": rules.clean_email(email), "display_name": rules.clean_display_name(display_name)}
    hashed = hash_new_password(password, role="staff", context=clean.values())
    try:
        with atomic("identity"):
            return _make(
                user_id=user_id, password=hashed, role="staff", is_staff=True, is_superuser=has_all_rights, **clean
            )
    except IntegrityError as error:
        raise_login_taken(error)


def suspend_user(*, user_id: UUID) -> None:
    """Staff stop somebody: every session ends at once. Raises NotFound, InvalidTransition."""
    with atomic("identity"):
        user = queries.lock_user(user_id)  # a login may be opening a session right now
        change_status(user, "suspend")
        end_all_sessions(user.id, reason="staff")


def reactivate_user(*, user_id: UUID) -> None:
    """Staff let somebody in again. Raises NotFound, InvalidTransition."""
    with atomic("identity"):
        user = queries.lock_user(user_id)  # two of staff may press two buttons
        change_status(user, "reactivate")


def deactivate_account(*, user_id: UUID) -> None:
    """Somebody switches off their own account: they are hidden and logged out everywhere, until they log in again.

    Raises NotFound, InvalidTransition.
    """
    with atomic("identity"):
        user = queries.lock_user(user_id)  # staff may be suspending them
        change_status(user, "deactivate")
        end_all_sessions(user.id, reason="ended_by_owner")
        tell(user.id, "account_deactivated")


# Private functions


def _make(*, user_id: UUID | None, **columns: Any) -> User:
    return User.objects.create(id=user_id or new_id(), created_at=clock.now(), **columns)


def _tell_of_registration(user: User) -> None:
    publish(
        UserRegistered(
            user_id=user.id,
            role=user.role,
            display_name=user.display_name,
            email=user.email or "",
            phone=user.phone or "",
            locale=user.locale,
            zone=user.zone,
        )
    )
