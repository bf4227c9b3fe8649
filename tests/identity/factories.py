"""People, made through the domain's own actions."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import factory
import pyotp

from domains.identity import actions, queries
from domains.identity.actions import Device, IssuedTokens, factors, grants, role_requests
from domains.identity.models import RoleGrant, SocialFlow, User
from domains.identity.rules import social
from kelmah import clock
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.principal import Principal
from tests.identity.authenticator import Authenticator

PASSWORD = "seven cedis for kenkey"
STAFF_PASSWORD = "seven cedis for kenkey and fish"


class SignUpFactory(factory.DictFactory):
    """The body of a sign-up."""

    email = factory.Sequence(lambda n: f"ama{n}@example.com")
    password = PASSWORD
    role = "worker"
    display_name = "Ama Mensah"


def sign_up(**as_: Any) -> IssuedTokens:
    """Somebody new, logged in on a first device."""
    return actions.register(**SignUpFactory(**as_), device=Device(name="Pixel 7", ip="192.0.2.1"))


def log_in(user: User, password: str = PASSWORD) -> IssuedTokens:
    return actions.log_in(login=user.email or user.phone or "", password=password, device=Device(name="Laptop"))


def proven_flow(*, provider: str = "google", **person: Any) -> str:
    """The secret of a login through a provider that has proven somebody whom no account knows yet."""
    (secret, secret_hash), now = social.new_secret(), clock.now()
    SocialFlow.objects.create(
        provider=provider,
        state="exchanged",
        state_hash=social.new_secret()[1],
        secret_hash=secret_hash,
        redirect_to="https://app.example.com/auth/social",
        created_at=now,
        expires_at=now + social.CHOICE_LIFETIME,
        **{"subject": str(new_id()), "email": f"{new_id()}@example.com", "email_verified": True} | person,
    )
    return secret


def staff(**as_: Any) -> User:
    form = SignUpFactory(password=STAFF_PASSWORD, display_name="Efua Staff", **as_)
    del form["role"]
    return actions.create_staff(**form)


def colleague(*roles: str, **as_: Any) -> User:
    """Somebody of staff with these roles and no other rights, as two others gave them."""
    user = staff(has_all_rights=False, **as_)
    one, other = staff(), staff()
    for role in roles:
        asked = role_requests.ask(user_id=user.id, role=role, by_id=one.id, reason="Joins the team")
        role_requests.approve(request_id=asked.id, by_id=other.id, expected_version=None)
    return user


def hold(user: User, role: str = "company_hiring", *, by: User, scope_id: str = "7") -> RoleGrant:
    """A role within a company, whoever owns it."""
    with atomic("identity"):
        locked = queries.lock_user(user.id)
        return grants.give(locked, role, by_id=by.id, scope_kind="company", scope_id=scope_id)


def principal_of(tokens: IssuedTokens) -> Principal:
    return Principal(user_id=tokens.user.id, roles=frozenset({tokens.user.role}), session_id=tokens.session_id)


def code_of(secret: str, *, ahead: int = 0) -> str:
    """What an authenticator app with that secret shows now, or so many steps later."""
    return pyotp.TOTP(secret).at(clock.now(), counter_offset=ahead)


@dataclass
class App:
    """Somebody's authenticator app."""

    factor_id: UUID
    secret: str
    codes: list[str]  # the recovery codes that came with it

    def code(self, *, ahead: int = 0) -> str:
        """What it shows now, or so many steps later."""
        return code_of(self.secret, ahead=ahead)


def with_app(user: User, session_id: UUID | None = None) -> App:
    """The step of now is spent by this: the next code is good in half a minute, or ``ahead=1``."""
    begun = factors.begin_totp(user_id=user.id, name="Pixel 7")
    added = factors.confirm_totp(user_id=user.id, session_id=session_id, code=code_of(begun.secret))
    return App(factor_id=added.factor.id, secret=begun.secret, codes=added.recovery_codes or [])


def with_passkey(user: User, authenticator: Authenticator | None = None) -> Authenticator:
    """An authenticator that holds a passkey of theirs."""
    authenticator = authenticator or Authenticator()
    made = authenticator.create(factors.begin_passkey(user_id=user.id))
    factors.add_passkey(user_id=user.id, credential=made, name="Laptop")
    return authenticator
