"""Copies of one's data and erasure over REST."""

from typing import Any

from rest_framework import serializers

from domains.identity.models import DataExport, Erasure
from domains.identity.queries.data_requests import receipts_of
from domains.identity.rules import privacy as rules


class PartOut(serializers.Serializer):
    domain = serializers.CharField()
    state = serializers.ChoiceField(choices=sorted(rules.RECEIPT.states))
    answered_at = serializers.DateTimeField(allow_null=True)


class ExportOut(serializers.Serializer):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=sorted(rules.EXPORT.states))
    requested_at = serializers.DateTimeField()
    ready_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    size = serializers.IntegerField(allow_null=True, help_text="Bytes of the archive.")
    downloads = serializers.IntegerField()


class ExportDetailOut(ExportOut):
    parts = PartOut(many=True, help_text="How far each domain is.")


class ExportLinkOut(serializers.Serializer):
    url = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")


class ReasonOut(serializers.Serializer):
    domain = serializers.CharField()
    reason = serializers.CharField(
        help_text="`money_in_wallet`, `money_on_its_way`, `protected_funds`, `open_contracts`, `owns_companies` or "
        "another of a domain's."
    )
    count = serializers.IntegerField()


class ErasureOut(serializers.Serializer):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=sorted(rules.ERASURE.states))
    requested_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When the next step is taken.")
    finish_by = serializers.DateTimeField()
    reasons = ReasonOut(many=True, help_text="What stands against it, as of the last check.")
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())


def render_export(export: DataExport) -> dict[str, Any]:
    return {
        "id": export.id,
        "state": export.state,
        "requested_at": export.requested_at,
        "ready_at": export.ready_at,
        "expires_at": export.expires_at,
        "size": export.size,
        "downloads": export.downloads,
    }


def render_export_detail(export: DataExport) -> dict[str, Any]:
    return render_export(export) | {
        "parts": [
            {"domain": receipt.domain, "state": receipt.state, "answered_at": receipt.answered_at}
            for receipt in receipts_of(export.id, step="export")
        ]
    }


def render_erasure(erasure: Erasure) -> dict[str, Any]:
    return {
        "id": erasure.id,
        "state": erasure.state,
        "requested_at": erasure.requested_at,
        "due_at": erasure.due_at,
        "finish_by": erasure.finish_by,
        "reasons": erasure.reasons,
        "version": erasure.version,
        "available_transitions": rules.ERASURE.available(erasure.state, "person"),
    }
