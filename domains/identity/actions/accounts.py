"""Making accounts and switching them off."""

from uuid import UUID

from django.db import IntegrityError

from domains.identity import queries, rules
from domains.identity.actions.hashing import hash_password
from domains.identity.actions.sessions import Device, IssuedTokens, deny, open_session, revoke_all_sessions
from domains.identity.models import Profile, User
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import FieldError, InvalidInput
from kelmah.events.publish import publish
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import UserRegistered


def register(
    *,
    email: str,
    phone: str,
    password: str,
    role: str,
    display_name: str,
    locale: str,
    zone: str,
    device: Device,
    user_id: UUID | None = None,
) -> tuple[User, IssuedTokens]:
    """A new worker or hirer, logged in. ``email`` or ``phone`` may be empty. Raises InvalidInput, LoginTaken."""
    if role not in rules.ROLES_TO_CHOOSE:
        raise InvalidInput(errors=[FieldError("/role", "invalid_choice", "Choose worker or hirer.")])
    if not email and not phone:
        raise InvalidInput(errors=[FieldError("/email", "required", "Give an e-mail address or a phone number.")])
    clean = {
        "email": rules.clean_email(email) if email else None,
        "phone": rules.clean_phone(phone) if phone else None,
        "display_name": rules.clean_display_name(display_name),
    }
    plain = rules.check_password_strength(password, role=role, context=[email, phone, display_name])
    hashed = hash_password(plain)
    try:
        with atomic("identity"):
            # The unique columns decide between two registrations of one address at once.
            user = User.objects.create(
                id=user_id or new_id(),
                password=hashed,
                role=role,
                locale=locale,
                zone=zone,
                created_at=clock.now(),
                **clean,
            )
            Profile.objects.create(user=user)
            tokens = open_session(user, device)
            _tell_of_registration(user)
    except IntegrityError:
        raise rules.LoginTaken() from None
    return user, tokens


def create_staff(*, email: str, password: str, display_name: str, user_id: UUID | None = None) -> User:
    """Somebody who may enter the staff desk. By operators only. Raises InvalidInput, LoginTaken."""
    plain = rules.check_password_strength(password, role="staff", context=[email, display_name])
    hashed = hash_password(plain)
    try:
        with atomic("identity"):
            return User.objects.create(
                id=user_id or new_id(),
                email=rules.clean_email(email),
                password=hashed,
                role="staff",
                display_name=rules.clean_display_name(display_name),
                is_staff=True,
                is_superuser=True,
                created_at=clock.now(),
            )
    except IntegrityError:
        raise rules.LoginTaken() from None


def suspend_user(*, user_id: UUID) -> None:
    """Staff stop somebody: every session ends at once. Raises NotFound, InvalidTransition."""
    with atomic("identity"):
        user = queries.lock_user(user_id)  # a login may be opening a session right now
        user.status = rules.USER.check("suspend", user.status)
        user.save(update_fields=["status"])
        ended = revoke_all_sessions(user, reason="staff")
    deny(ended)


def reactivate_user(*, user_id: UUID) -> None:
    """Staff let somebody in again. Raises NotFound, InvalidTransition."""
    with atomic("identity"):
        user = queries.lock_user(user_id)
        user.status = rules.USER.check("reactivate", user.status)
        user.save(update_fields=["status"])


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
