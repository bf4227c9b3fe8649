"""JSON of impersonations."""

from typing import Any

from rest_framework import serializers

from domains.identity.models import Impersonation


class ImpersonationOut(serializers.Serializer):
    id = serializers.UUIDField()
    reason = serializers.CharField(help_text="What staff gave as the reason.")
    begun_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(help_text="When it ended, or will at the latest.")


def render_impersonation(impersonation: Impersonation) -> dict[str, Any]:
    return {
        "id": impersonation.id,
        "reason": impersonation.reason,
        "begun_at": impersonation.begun_at,
        "ended_at": impersonation.ended_at or impersonation.expires_at,
    }
