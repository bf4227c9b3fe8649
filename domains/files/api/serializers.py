"""JSON of files, in and out."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from domains.files import rules
from domains.files.models import File
from kelmah.http.fields import TextField, WholeNumberField
from kelmah.http.serializers import StrictSerializer


class UploadIn(StrictSerializer):
    name = TextField(max_length=200)
    content_type = TextField(max_length=100)
    size = WholeNumberField(min_value=1)
    kind = serializers.ChoiceField(choices=sorted(rules.UPLOADED))


class UploadLink(serializers.Serializer):
    token = serializers.CharField(help_text="Part of the link that the announcement answers with.")


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
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())
    upload = TargetOut()


class FileOut(serializers.Serializer):
    id = serializers.UUIDField()
    owner_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=sorted(rules.UPLOADED))
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="In hex; empty until the bytes are received.")
    state = serializers.ChoiceField(choices=sorted(rules.FILE.states))
    failure = serializers.CharField(help_text="The code of what was wrong with a failed file, else empty.")
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()


def render_upload(file: File, *, url: str, expires_at: Any) -> dict[str, Any]:
    """Where the owner sends the bytes of an announced file."""
    headers = {"Content-Type": file.content_type}
    return {
        "file_id": file.id,
        "state": file.state,
        "version": file.version,
        "available_transitions": rules.FILE.available(file.state, "owner"),
        "upload": {"method": "PUT", "url": url, "headers": headers, "expires_at": expires_at},
    }


def render_file(file: File, *, viewer_id: UUID) -> dict[str, Any]:
    role = "owner" if viewer_id == file.owner_id else "reader"
    return {
        "id": file.id,
        "owner_id": file.owner_id,
        "kind": file.kind,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "state": file.state,
        "failure": file.failure,
        "version": file.version,
        "available_transitions": rules.FILE.available(file.state, role),
        "created_at": file.created_at,
    }
