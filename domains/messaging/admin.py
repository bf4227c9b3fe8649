"""Staff's desk for messaging: who talks with whom, how much, and what was sent out.

What people write to each other is not shown: reading it needs a reason and a trace, which come with disputes.
"""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from domains.messaging import actions
from domains.messaging.models import Contact, Conversation, Delivery, Inbox, Member, Message, Notification, Outbox
from kelmah.errors import DomainError
from kelmah.events.admin import InboxAdmin, OutboxAdmin
from kelmah.http.staff import ReadOnly

admin.site.register(Inbox, InboxAdmin)
admin.site.register(Outbox, OutboxAdmin)


class MemberInline(ReadOnly, TabularInline):
    model = Member
    fields = ("user_id", "last_read_seq", "left_at")


@admin.register(Conversation)
class ConversationAdmin(ReadOnly, ModelAdmin):
    sees = "messaging.view_conversations"
    list_display = ("title", "context_kind", "context_id", "last_seq", "last_message_at", "created_at")
    list_filter = ("context_kind",)
    search_fields = ("id", "context_id", "first_id", "second_id")
    ordering = ("-last_message_at",)
    inlines = (MemberInline,)


@admin.register(Message)
class MessageAdmin(ReadOnly, ModelAdmin):
    """Without their texts."""

    sees = "messaging.view_conversations"
    list_display = ("id", "conversation", "seq", "sender_id", "length", "file_count", "created_at")
    list_select_related = ("conversation",)
    search_fields = ("id", "conversation__id", "sender_id")
    ordering = ("-id",)
    show_full_result_count = False
    fields = ("conversation", "seq", "sender_id", "length", "file_count", "created_at")
    readonly_fields = ("length",)

    @admin.display(description="characters")
    def length(self, message: Message) -> int:
        return len(message.text)


@admin.register(Notification)
class NotificationAdmin(ReadOnly, ModelAdmin):
    sees = "messaging.view_deliveries"
    list_display = ("title", "kind", "user_id", "created_at", "read_at")
    list_filter = ("kind", ("read_at", admin.EmptyFieldListFilter))
    search_fields = ("user_id", "event_id")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, ModelAdmin):
    sees = "messaging.view_deliveries"
    does = {"send_again": "messaging.send_again"}
    list_display = ("notification", "channel", "state", "sent_to", "attempts", "next_at", "sent_at", "last_error")
    list_select_related = ("notification",)
    list_filter = ("state", "channel")
    search_fields = ("sent_to", "notification__user_id")
    ordering = ("-id",)
    show_full_result_count = False
    actions = ("send_again",)

    @admin.action(description="Send again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        for delivery in queryset:
            try:
                actions.resend(delivery_id=delivery.id)
            except DomainError as error:
                messages.error(request, f"{delivery}: {error.detail}")
            else:
                messages.success(request, f"{delivery}: will be sent again")


@admin.register(Contact)
class ContactAdmin(ReadOnly, ModelAdmin):
    sees = "messaging.view_deliveries"
    list_display = ("display_name", "email", "locale", "zone", "user_id")
    list_filter = ("locale",)
    search_fields = ("user_id", "display_name", "email")
