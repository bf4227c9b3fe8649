"""People, made through the domain's own actions."""

from typing import Any

import factory

from domains.identity import actions
from domains.identity.actions import Device, IssuedTokens
from domains.identity.models import User
from kelmah.principal import Principal

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


def staff(**as_: Any) -> User:
    form = SignUpFactory(password=STAFF_PASSWORD, display_name="Efua Staff", **as_)
    del form["role"]
    return actions.create_staff(**form)


def principal_of(tokens: IssuedTokens) -> Principal:
    return Principal(user_id=tokens.user.id, roles=frozenset({tokens.user.role}), session_id=tokens.session_id)
