"""Staff's desk for messaging: who talks with whom and what was sent out. Never what people write to each other."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from domains.messaging import actions
from domains.messaging.models import Conversation, Delivery, Inbox, Member, Notification, Outbox
from kelmah.events.admin import InboxAdmin, OutboxAdmin
from kelmah.http.staff import ReadOnly

admin.site.register(Inbox, InboxAdmin)
admin.site.register(Outbox, OutboxAdmin)


class MemberInline(ReadOnly, TabularInline):
    model = Member


@admin.register(Conversation)
class ConversationAdmin(ReadOnly, ModelAdmin):
    list_display = ("title", "context_kind", "context_id", "last_seq", "last_message_at", "created_at")
    list_filter = ("context_kind",)
    search_fields = ("id", "context_id", "first_id", "second_id")
    inlines = (MemberInline,)


@admin.register(Notification)
class NotificationAdmin(ReadOnly, ModelAdmin):
    list_display = ("title", "kind", "user_id", "created_at", "read_at")
    list_filter = ("kind", ("read_at", admin.EmptyFieldListFilter))
    search_fields = ("user_id",)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, ModelAdmin):
    list_display = ("address", "notification", "state", "attempts", "sent_at", "last_error")
    list_select_related = ("notification",)
    list_filter = ("state",)
    search_fields = ("address",)
    actions = ("send_again",)

    @admin.action(description="Try again what was not sent")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        for delivery in queryset.exclude(state="sent"):
            Delivery.objects.filter(id=delivery.id).update(state="waiting", attempts=0)
            actions.deliver_email(delivery_id=delivery.id)
        messages.success(request, "Tried again.")
