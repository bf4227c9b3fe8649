"""Staff's view of a domain's events; a domain registers its own tables with these classes."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from kelmah.errors import NotFound
from kelmah.events.dead_letters import resubmit
from kelmah.http.staff import ReadOnly


class OutboxAdmin(ReadOnly, ModelAdmin):
    """What is still to be told."""

    list_display = ("topic", "target", "key", "occurred_at", "attempts", "dead_at", "last_error")
    list_filter = ("target", "topic", ("dead_at", admin.EmptyFieldListFilter))
    search_fields = ("event_id", "key")


class InboxAdmin(ReadOnly, ModelAdmin):
    """What was heard, what waits, and what is dead."""

    list_display = ("topic", "handler", "key", "received_at", "completed_at", "attempts", "dead_at", "last_error")
    list_filter = (
        ("dead_at", admin.EmptyFieldListFilter),
        ("completed_at", admin.EmptyFieldListFilter),
        "handler",
        "topic",
    )
    search_fields = ("event_id", "key")
    actions = ("try_again",)

    @admin.action(description="Try dead letters again")
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        tried = 0
        for row in queryset.filter(dead_at__isnull=False, completed_at__isnull=True):
            try:
                tried += resubmit(row._meta.app_label, event_id=row.event_id, handler=row.handler)
            except NotFound:  # somebody else was quicker
                continue
        messages.info(request, f"{tried} events will be tried again.")
