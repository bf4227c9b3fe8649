"""Signing up: an account begins when its address is proved."""

from uuid import UUID

from django.db import IntegrityError

from domains.identity import rules
from domains.identity.actions.accounts import make_member, raise_login_taken
from domains.identity.actions.challenges import Awaited, await_another, await_secret, limit_letters, prove
from domains.identity.actions.hashing import hash_new_password
from domains.identity.actions.sessions import Device, IssuedTokens, open_session
from domains.identity.models import Challenge, Registration
from domains.identity.rules.challenges import is_email, one_of
from kelmah.db import atomic
from kelmah.errors import FieldError, InvalidInput


def begin_registration(
    *,
    email: str = "",
    phone: str = "",
    password: str,
    role: str,
    display_name: str,
    locale: str = "en",
    zone: str = rules.HOME_ZONE,
    ip: str | None = None,
) -> Awaited:
    """Somebody wants an account with this e-mail address, or this number. Nobody looks here whether there is one.

    Raises InvalidInput, LimitReached, Unavailable.
    """
    if role not in rules.ROLES_TO_CHOOSE:
        raise InvalidInput(errors=[FieldError("/role", "invalid_choice", "Choose worker or hirer.")])
    one_of(email, phone)
    address = rules.clean_email(email) if email else rules.clean_phone(phone)
    name = rules.clean_display_name(display_name)
    hashed = hash_new_password(password, role=role, context=[address, name])
    limit_letters(address=address, ip=ip)
    with atomic("identity"):
        challenge, awaited = await_secret("register", address)
        Registration.objects.create(
            challenge=challenge, password=hashed, role=role, display_name=name, locale=locale, zone=zone
        )
    return awaited


def send_registration_again(*, registration_id: UUID, ip: str | None = None) -> Awaited:
    """Another link or code, with which the first one ends. Raises NothingAwaited, LimitReached, Unavailable."""
    return await_another(challenge_id=registration_id, purpose="register", ip=ip)


def confirm_registration(*, registration_id: UUID, secret: str, device: Device) -> IssuedTokens:
    """The account, logged in, for whoever began the sign-up and has what was sent to the address.

    Raises SecretRefused; LoginTaken when another sign-up with the address was quicker.
    """

    def make(challenge: Challenge) -> IssuedTokens:
        registration = Registration.objects.get(challenge=challenge)
        by_mail = is_email(challenge.address)
        user = make_member(
            email=challenge.address if by_mail else None,
            phone=None if by_mail else challenge.address,
            password=registration.password,
            role=registration.role,
            display_name=registration.display_name,
            locale=registration.locale,
            zone=registration.zone,
        )
        return open_session(user, device)

    try:
        return prove(challenge_id=registration_id, purpose="register", secret=secret, then=make)
    except IntegrityError as error:
        raise_login_taken(error)
