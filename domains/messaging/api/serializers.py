"""JSON of messaging. What comes out is built by PostgreSQL; its shape stands here for the documentation."""

from typing import Any

from rest_framework import serializers

from domains.messaging import rules
from kelmah.http.fields import TextField, UUIDField, WholeNumberField
from kelmah.http.serializers import PageQuery, StrictSerializer


class ContextIn(StrictSerializer):
    kind = serializers.ChoiceField(choices=sorted(rules.CONTEXTS))
    id = UUIDField()


class ConversationIn(StrictSerializer):
    context = ContextIn()


class MessageIn(StrictSerializer):
    """What a text or a client_id may be is said by the domain's rules, for the socket as well."""

    client_id = TextField(max_length=rules.CLIENT_ID_LIMIT, trim_whitespace=False)
    text = TextField(max_length=rules.TEXT_LIMIT, allow_blank=True, default="")
    file_ids = serializers.ListField(child=UUIDField(), max_length=rules.FILES_LIMIT, default=list)


class ReadIn(StrictSerializer):
    seq = WholeNumberField(min_value=0, max_value=2**53)


class HistoryQuery(StrictSerializer):
    before_seq = serializers.IntegerField(min_value=1, max_value=2**53, required=False)
    after_seq = serializers.IntegerField(min_value=0, max_value=2**53, required=False)
    limit = PageQuery().fields["limit"]


class AttachedFileOut(serializers.Serializer):
    file_id = serializers.UUIDField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")


class MessageOut(serializers.Serializer):
    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    seq = serializers.IntegerField(help_text="Its place in the conversation: 1, 2, 3, without gaps.")
    sender_id = serializers.UUIDField()
    client_id = serializers.CharField()
    text = serializers.CharField()
    files = AttachedFileOut(many=True)
    created_at = serializers.DateTimeField()


class HistoryOut(serializers.Serializer):
    items = MessageOut(many=True)


class ContextOut(serializers.Serializer):
    kind = serializers.ChoiceField(choices=sorted(rules.CONTEXTS))
    id = serializers.UUIDField()


class MemberOut(serializers.Serializer):
    user_id = serializers.UUIDField()
    display_name = serializers.CharField(allow_null=True)
    last_read_seq = serializers.IntegerField()


class ConversationOut(serializers.Serializer):
    id = serializers.UUIDField()
    context = ContextOut()
    title = serializers.CharField()
    members = MemberOut(many=True)
    last_seq = serializers.IntegerField()
    last_read_seq = serializers.IntegerField(help_text="How far I have read.")
    unread = serializers.IntegerField(help_text="Messages of others above last_read_seq.")
    last_message = MessageOut(allow_null=True)
    last_message_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()


class UnreadOut(serializers.Serializer):
    unread = serializers.IntegerField()


class TicketOut(serializers.Serializer):
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
    url = serializers.CharField()


class NotificationOut(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    data: Any = serializers.DictField(child=serializers.CharField(), help_text="Ids of what it is about.")
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)
