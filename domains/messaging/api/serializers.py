"""JSON of messaging, in and out."""

from typing import Any

from rest_framework import serializers

from domains.messaging import rules
from domains.messaging.models import Notification
from kelmah.http.fields import WholeNumberField
from kelmah.http.serializers import StrictSerializer


class ContextIn(StrictSerializer):
    kind = serializers.ChoiceField(choices=["contract", "proposal"])
    id = serializers.UUIDField()


class ConversationIn(StrictSerializer):
    context = ContextIn()


class MessageIn(StrictSerializer):
    client_id = serializers.RegexField(r"^[A-Za-z0-9_.:-]{1,64}$")
    text = serializers.CharField(max_length=rules.TEXT_LIMIT, allow_blank=True, trim_whitespace=False, default="")
    file_ids = serializers.ListField(child=serializers.UUIDField(), max_length=10, default=list)


class ReadIn(StrictSerializer):
    seq = WholeNumberField(min_value=0)


class HistoryQuery(StrictSerializer):
    before_seq = serializers.IntegerField(min_value=1, required=False)
    after_seq = serializers.IntegerField(min_value=0, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=100, default=20)

    def validate(self, query: dict[str, Any]) -> dict[str, Any]:
        if "before_seq" in query and "after_seq" in query:
            raise serializers.ValidationError({"after_seq": "Use before_seq or after_seq, not both."})
        return query


class AttachedOut(serializers.Serializer):
    file_id = serializers.UUIDField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()


class MessageOut(serializers.Serializer):
    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    seq = serializers.IntegerField()
    sender_id = serializers.UUIDField()
    client_id = serializers.CharField()
    text = serializers.CharField()
    created_at = serializers.DateTimeField()
    files = AttachedOut(many=True)


class MessagesOut(serializers.Serializer):
    items = MessageOut(many=True)


class ContextOut(serializers.Serializer):
    kind = serializers.CharField()
    id = serializers.UUIDField()


class ConversationOut(serializers.Serializer):
    id = serializers.UUIDField()
    title = serializers.CharField()
    context = ContextOut()
    member_ids = serializers.ListField(child=serializers.UUIDField())
    last_seq = serializers.IntegerField()
    unread = serializers.IntegerField()
    last_message = MessageOut(allow_null=True)


class UnreadOut(serializers.Serializer):
    unread = serializers.IntegerField()


class TicketOut(serializers.Serializer):
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField()
    path = serializers.CharField()


class NotificationOut(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


def render_notification(notification: Notification) -> dict[str, Any]:
    return {
        "id": notification.id,
        "kind": notification.kind,
        "title": notification.title,
        "body": notification.body,
        "created_at": notification.created_at,
        "read_at": notification.read_at,
    }
