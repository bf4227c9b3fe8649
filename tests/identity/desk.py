"""Browsers at staff's desk."""

from django.test import Client

from domains.identity.actions import recovery_codes
from domains.identity.models import User
from domains.identity.queries.factors import kinds_of
from tests.identity.factories import with_app


def show_second_factor(desk: Client, user: User) -> None:
    """To the page that asks for it, by a recovery code; whoever has no factor gets an app first."""
    if not kinds_of(user.id):
        with_app(user)
    code = recovery_codes.make_new_codes(user_id=user.id)[0]
    assert desk.post("/admin/second-factor", {"code": code}).status_code == 302
