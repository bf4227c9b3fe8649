"""JSON of sessions."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from domains.identity.models import AuthSession
from domains.identity.rules.devices import shown_name


class SessionOut(serializers.Serializer):
    id = serializers.UUIDField()
    device = serializers.CharField(help_text="The name that the device gave itself at login, or its kind.")
    kind = serializers.CharField(help_text="Browser or app, and system, as far as they are known.", allow_blank=True)
    address = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="When it ends by itself, unless it is used before.")
    is_this = serializers.BooleanField(help_text="Whether this is the session that asks.")


def render_session(session: AuthSession, *, this: UUID | None) -> dict[str, Any]:
    return {
        "id": session.id,
        "device": shown_name(device_name=session.device_name, device_kind=session.device_kind),
        "kind": session.device_kind,
        "address": session.ip,
        "created_at": session.created_at,
        "last_used_at": session.last_used_at,
        "expires_at": session.idle_expires_at,
        "is_this": session.id == this,
    }
