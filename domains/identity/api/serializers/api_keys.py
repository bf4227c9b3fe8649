"""JSON of API keys."""

from typing import Any

from rest_framework import serializers

from domains.identity.actions.api_keys import KeyToken, MadeKey
from domains.identity.api.serializers.fields import one_line
from domains.identity.models import ApiKey
from domains.identity.rules import api_keys as rules
from kelmah import clock
from kelmah.http.fields import TextField, WholeNumberField
from kelmah.http.serializers import StrictSerializer

_STATES = ("active", "replaced", "expired", "revoked")


class ApiKeyIn(StrictSerializer):
    name = TextField(max_length=80, validators=[one_line], help_text="What the key is for.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(rules.SCOPES), allow_empty=False, max_length=len(rules.SCOPES)
    )
    mode = serializers.ChoiceField(
        rules.MODES, default="live", help_text="A test key reads, and rehearses what would change something."
    )
    expires_in_days = WholeNumberField(min_value=1, max_value=rules.LASTS_AT_MOST.days, default=rules.LASTS.days)


class RotationIn(StrictSerializer):
    overlap_hours = WholeNumberField(
        min_value=0,
        max_value=int(rules.OVERLAP_AT_MOST.total_seconds() // 3600),
        default=int(rules.OVERLAP.total_seconds() // 3600),
        help_text="For how long the old key still works.",
    )


class ApiKeyOut(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="How the key begins.")
    mode = serializers.ChoiceField(rules.MODES)
    scopes = serializers.ListField(child=serializers.ChoiceField(rules.SCOPES))
    state = serializers.ChoiceField(_STATES, help_text="A replaced key works until `expires_at`.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="Exact to a minute.")
    last_used_address = serializers.CharField(allow_null=True)
    successor_id = serializers.UUIDField(allow_null=True)


class MadeKeyOut(ApiKeyOut):
    key = serializers.CharField(help_text="The key itself: shown now and never again.")


class KeyExchangeIn(StrictSerializer):
    api_key = TextField(max_length=200, trim_whitespace=False)


class KeyTokenOut(serializers.Serializer):
    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds.")
    key_id = serializers.UUIDField()
    mode = serializers.ChoiceField(rules.MODES)
    scopes = serializers.ListField(child=serializers.ChoiceField(rules.SCOPES))


def render_key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "mode": key.mode,
        "scopes": key.scopes,
        "state": _state(key),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "last_used_address": key.last_used_ip,
        "successor_id": key.successor_id,
    }


def render_made_key(made: MadeKey) -> dict[str, Any]:
    return {**render_key(made.key), "key": made.text}


def render_key_token(token: KeyToken) -> dict[str, Any]:
    return {
        "access_token": token.access_token,
        "token_type": "Bearer",
        "expires_in": token.expires_in,
        "key_id": token.key.id,
        "mode": token.key.mode,
        "scopes": token.key.scopes,
    }


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at <= clock.now():
        return "expired"
    return "replaced" if key.successor_id else "active"
