"""JSON of files, in and out."""

from typing import Any

from rest_framework import serializers

from domains.files import rules
from domains.files.models import File
from kelmah.http.serializers import StrictSerializer


class UploadIn(StrictSerializer):
    name = serializers.RegexField(r"^[^/\\\x00-\x1f\x7f]{1,200}$")
    content_type = serializers.CharField(max_length=100)
    size = serializers.IntegerField(min_value=1)
    kind = serializers.ChoiceField(choices=sorted(rules.KINDS))


class CompleteIn(StrictSerializer):
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", required=False, default=None)


class TargetOut(serializers.Serializer):
    method = serializers.CharField()
    url = serializers.CharField()
    headers = serializers.DictField(child=serializers.CharField())
    expires_at = serializers.DateTimeField()


class UploadOut(serializers.Serializer):
    file_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=sorted(rules.FILE.states))
    upload = TargetOut()


class FileOut(serializers.Serializer):
    id = serializers.UUIDField()
    owner_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=sorted(rules.KINDS))
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    state = serializers.ChoiceField(choices=sorted(rules.FILE.states))
    created_at = serializers.DateTimeField()


def render_file(file: File) -> dict[str, Any]:
    return {
        "id": file.id,
        "owner_id": file.owner_id,
        "kind": file.kind,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "state": file.state,
        "created_at": file.created_at,
    }
