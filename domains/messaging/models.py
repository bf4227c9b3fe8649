"""Tables of messaging."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from domains.messaging import rules
from kelmah.db.models import IdempotencyKeyBase, InboxBase, OutboxBase, UUIDModel


class Conversation(UUIDModel):
    """Two people and what they talk about. ``last_seq`` numbers the messages without gaps, under this row's lock."""

    context_kind = models.TextField()
    context_id = models.UUIDField()
    first_id = models.UUIDField()
    second_id = models.UUIDField()
    title = models.TextField()
    last_seq = models.BigIntegerField(default=0)
    last_message_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["context_kind", "context_id", "first_id", "second_id"], name="conversation_once"
            ),
            models.CheckConstraint(condition=Q(context_kind__in=sorted(rules.CONTEXTS)), name="conversation_context"),
            # Stored in order, so that a pair is one pair.
            models.CheckConstraint(condition=Q(first_id__lt=F("second_id")), name="conversation_pair"),
            models.CheckConstraint(condition=Q(last_seq__gte=0), name="conversation_last_seq"),
        ]

    def __str__(self) -> str:
        return self.title


class Member(models.Model):
    """Somebody in a conversation, and how far they have read. One who left sees nothing of it any more."""

    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="members")
    user_id = models.UUIDField()
    last_read_seq = models.BigIntegerField(default=0)
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_id", "conversation"], name="member_once"),
            models.CheckConstraint(condition=Q(last_read_seq__gte=0), name="member_last_read_seq"),
        ]

    def __str__(self) -> str:
        return str(self.user_id)


class Message(UUIDModel):
    """One message. ``client_id`` is the sender's own name for it: sent again, it is the same message.

    Rows are written by the function ``messaging_send`` alone (migration 0002); a foreign key that Django can't express
    holds each sender to a member of the conversation.
    """

    # That key holds the conversation, too, and the unique constraints serve as indexes.
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="messages", db_constraint=False, db_index=False
    )
    seq = models.BigIntegerField()
    sender_id = models.UUIDField()
    client_id = models.TextField()
    text = models.TextField()
    file_count = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            # With the sender beside it, counting what others wrote needs the index only.
            models.UniqueConstraint(fields=["conversation", "seq"], include=["sender_id"], name="message_seq"),
            models.UniqueConstraint(fields=["conversation", "sender_id", "client_id"], name="message_sent_once"),
            models.CheckConstraint(condition=Q(seq__gt=0), name="message_seq_positive"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("text"), rules.TEXT_LIMIT), name="message_text_limit"
            ),
            models.CheckConstraint(condition=~Q(text="") | Q(file_count__gt=0), name="message_not_empty"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("client_id"), rules.CLIENT_ID_LIMIT), name="message_client_id_limit"
            ),
            models.CheckConstraint(condition=~Q(client_id=""), name="message_client_id"),
            models.CheckConstraint(condition=Q(file_count__lte=rules.FILES_LIMIT), name="message_file_count"),
        ]
        indexes = [models.Index(fields=["sender_id", "created_at"], name="message_pace")]

    def __str__(self) -> str:
        return f"{self.seq} of {self.conversation_id}"


class MessageFile(models.Model):
    """A file of a message, as it was when it was attached. The bytes are with files."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="files")
    file_id = models.UUIDField()
    name = models.TextField()
    content_type = models.TextField()
    size = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "file_id"], name="message_file_once"),
            models.CheckConstraint(condition=Q(size__gt=0), name="message_file_size"),
        ]

    def __str__(self) -> str:
        return self.name


class Notification(UUIDModel):
    """Something that somebody was told in the app. ``data`` names the things it is about."""

    event_id = models.UUIDField()
    user_id = models.UUIDField()
    kind = models.TextField()
    title = models.TextField()
    body = models.TextField()
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_id", "user_id"], name="notification_once")]
        indexes = [
            models.Index(fields=["user_id", "-id"], name="notification_of_user"),
            models.Index(fields=["user_id"], condition=Q(read_at__isnull=True), name="notification_unread"),
            models.Index(fields=["created_at"], name="notification_age"),
        ]

    def __str__(self) -> str:
        return self.title


class Delivery(UUIDModel):
    """One notification on its way through one channel. ``next_at``: when to try, also the end of a try's lease."""

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.TextField(default="email")
    state = models.TextField(default=rules.DELIVERY.initial)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    sent_to = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["notification", "channel"], name="delivery_once"),
            models.CheckConstraint(condition=Q(channel__in=rules.CHANNELS), name="delivery_channel"),
            models.CheckConstraint(condition=Q(state__in=sorted(rules.DELIVERY.states)), name="delivery_state"),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False, sent_to__gt=""), name="delivery_sent"
            ),
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(state="waiting"), name="delivery_waiting")]

    def __str__(self) -> str:
        return f"{self.channel} {self.id}"


class Contact(models.Model):
    """How to reach somebody: what identity last told, kept here so that nobody has to be asked."""

    user_id = models.UUIDField(primary_key=True)
    display_name = models.TextField()
    email = models.TextField(blank=True)
    phone = models.TextField(blank=True, default="", db_default="")  # E.164
    status = models.TextField(default="active", db_default="active")  # as identity calls it
    locale = models.TextField()
    zone = models.TextField()
    # What they set: topics of which they want no mails, or texts; when nothing but word of their account may disturb.
    mail_off = ArrayField(models.TextField(), default=list, db_default=[])
    sms_on = ArrayField(models.TextField(), default=list, db_default=[])
    quiet_from = models.TimeField(null=True)  # in their zone
    quiet_until = models.TimeField(null=True)

    def __str__(self) -> str:
        return self.display_name


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass
