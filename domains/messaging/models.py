"""Tables of messaging."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from domains.messaging import rules
from kelmah.db.models import IdempotencyKeyBase, InboxBase, OutboxBase, UUIDModel


class Conversation(UUIDModel):
    """Two people and what they talk about. ``last_seq`` numbers its messages without gaps, under the row's lock."""

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
            models.CheckConstraint(condition=Q(context_kind__in=["contract", "proposal"]), name="conversation_context"),
            # Stored in order, so that a pair is one pair.
            models.CheckConstraint(condition=Q(first_id__lt=F("second_id")), name="conversation_pair"),
        ]

    def __str__(self) -> str:
        return self.title


class Member(models.Model):
    """Somebody in a conversation, and how far they have read. Writing counts as having read."""

    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="members")
    user_id = models.UUIDField()
    last_read_seq = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_id", "conversation"], name="member_once")]

    def __str__(self) -> str:
        return str(self.user_id)


class Message(UUIDModel):
    """One message. ``client_id`` is the sender's own name for it: sent again, it is the same message."""

    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="messages")
    seq = models.BigIntegerField()
    sender_id = models.UUIDField()
    client_id = models.CharField(max_length=64)
    text = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_seq"),
            models.UniqueConstraint(fields=["conversation", "sender_id", "client_id"], name="message_sent_once"),
            models.CheckConstraint(condition=Q(seq__gt=0), name="message_seq_positive"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("text"), rules.TEXT_LIMIT), name="message_text_limit"
            ),
        ]
        indexes = [models.Index(fields=["sender_id", "-created_at"], name="message_pace")]

    def __str__(self) -> str:
        return f"{self.seq} of {self.conversation_id}"


class MessageFile(models.Model):
    """A file in a message; the file itself is kept by files."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="files")
    file_id = models.UUIDField()
    name = models.TextField()
    content_type = models.TextField()
    size = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "file_id"], name="message_file_once")]

    def __str__(self) -> str:
        return self.name


class Notification(UUIDModel):
    """Something that somebody is told, in the app."""

    user_id = models.UUIDField()
    kind = models.TextField()
    title = models.TextField()
    body = models.TextField()
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user_id", "-created_at", "-id"], name="notification_of_user"),
            models.Index(fields=["user_id"], condition=Q(read_at__isnull=True), name="notification_unread"),
        ]

    def __str__(self) -> str:
        return self.title


class Delivery(UUIDModel):
    """One e-mail of a notification, until it is gone."""

    notification = models.OneToOneField(Notification, on_delete=models.CASCADE, related_name="delivery")
    address = models.EmailField()
    state = models.TextField(default="waiting")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | Q(state__in=["waiting", "failed"]),
                name="delivery_state",
            )
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(state="waiting"), name="delivery_waiting")]


class Contact(models.Model):
    """How to reach somebody: what identity last told, kept here so that nobody has to be asked."""

    user_id = models.UUIDField(primary_key=True)
    display_name = models.TextField()
    email = models.TextField(blank=True)
    locale = models.TextField()
    zone = models.TextField()

    def __str__(self) -> str:
        return self.display_name


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass
