"""Staff's view of a domain's events; a domain registers its own tables with these classes."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from kelmah.errors import NotFound
from kelmah.events.dead_letters import discard, resubmit
from kelmah.http.staff import ReadOnly


class ReasonForm(ActionForm):
    """Beside the choice of the action: why."""

    reason = forms.CharField(
        label="", required=False, widget=UnfoldAdminTextInputWidget({"placeholder": "Reason, to give up"})
    )


class _DeadLetters(ReadOnly, ModelAdmin):
    """Dead letters can be tried again, or given up with a reason. ``<domain>.view_events`` looks at the table,
    ``<domain>.decide_events`` decides."""

    action_form = ReasonForm
    actions = ("try_again", "give_up")
    listener: str  # the column that names who should have got it

    def right_to_see(self) -> str:
        return f"{self.opts.app_label}.view_events"

    def rights_to_do(self) -> dict[str, str]:
        return dict.fromkeys(self.actions, f"{self.opts.app_label}.decide_events")

    @admin.action(description="Try dead letters again")
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        tried = self._each(queryset, lambda domain, which: resubmit(domain, **which))
        messages.info(request, f"{tried} events will be tried again.")

    @admin.action(description="Give dead letters up, for a reason")
    def give_up(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            messages.error(request, "Nothing was given up: say why these events may be lost.")
            return
        by = f"{reason} ({request.user}, {request.user.pk})"
        lost = self._each(queryset, lambda domain, which: discard(domain, **which, reason=by))
        messages.info(request, f"{lost} events were given up.")

    def _each(self, queryset: QuerySet[Any], decide: Callable[[str, dict[str, Any]], int]) -> int:
        decided = 0
        for row in queryset.filter(dead_at__isnull=False):
            which = {"event_id": row.event_id, "handler": getattr(row, self.listener)}
            try:
                decided += decide(self.opts.app_label, which)
            except NotFound:  # somebody else was quicker
                continue
        return decided


class OutboxAdmin(_DeadLetters):
    """What is still to be told."""

    listener = "target"
    list_display = ("topic", "target", "key", "occurred_at", "attempts", "dead_at", "last_error")
    list_filter = ("target", "topic", ("dead_at", admin.EmptyFieldListFilter))
    search_fields = ("event_id", "key")


class InboxAdmin(_DeadLetters):
    """What was heard, what waits, and what is dead."""

    listener = "handler"
    list_display = ("topic", "handler", "key", "received_at", "completed_at", "attempts", "dead_at", "last_error")
    list_filter = (
        ("dead_at", admin.EmptyFieldListFilter),
        ("completed_at", admin.EmptyFieldListFilter),
        "handler",
        "topic",
    )
    search_fields = ("event_id", "key")
