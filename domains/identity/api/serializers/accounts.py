"""JSON of accounts and tokens, in and out."""

from typing import Any

from rest_framework import serializers

from domains.identity import rules
from domains.identity.actions import IssuedTokens
from domains.identity.api.serializers.fields import PasswordField, one_line
from domains.identity.models import User
from domains.identity.queries import Standing
from kelmah.http.fields import TextField
from kelmah.http.serializers import StrictSerializer


class LoginIn(StrictSerializer):
    login = TextField(max_length=254)
    password = PasswordField()
    device_name = TextField(max_length=200, allow_blank=True, default="", validators=[one_line])


class RefreshIn(StrictSerializer):
    refresh_token = TextField(max_length=200)


class UserOut(serializers.Serializer):
    id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=rules.ROLES)
    display_name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)


class GrantOut(serializers.Serializer):
    role = serializers.CharField()
    scope_kind = serializers.CharField()
    scope_id = serializers.CharField()


class MeOut(UserOut):
    roles = serializers.ListField(child=serializers.CharField(), help_text="What I am everywhere.")
    grants = GrantOut(many=True, help_text="What I am within one scope, as a company.")
    locale = serializers.ChoiceField(choices=rules.LOCALES)
    zone = serializers.CharField()
    created_at = serializers.DateTimeField()


class TokensOut(serializers.Serializer):
    user = UserOut()
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds until the access token expires.")
    session_id = serializers.UUIDField()


def render_user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "role": user.role,
        "display_name": user.display_name,
        "email": user.email,
        "phone": user.phone,
    }


def render_me(user: User, standing: Standing) -> dict[str, Any]:
    return render_user(user) | {
        "roles": standing.roles,
        "grants": [grant._asdict() for grant in standing.grants],
        "locale": user.locale,
        "zone": user.zone,
        "created_at": user.created_at,
    }


def render_tokens(tokens: IssuedTokens) -> dict[str, Any]:
    return {
        "user": render_user(tokens.user),
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "session_id": tokens.session_id,
    }
