"""Whoever lost every second factor: two of staff agree, each noting how they made sure who asks."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from domains.identity.actions import factor_resets
from domains.identity.admin.gate import fresh
from domains.identity.models import FactorReset
from kelmah.errors import DomainError
from kelmah.http.staff import ReadOnly
from kelmah.staff.deciding import WithReason


@admin.register(FactorReset)
class FactorResetAdmin(ReadOnly, ModelAdmin):
    sees = "identity.view_factor_resets"
    does = {"approve": "identity.reset_factors", "decline": "identity.reset_factors"}
    list_display = (
        "user", "state", "asked_at", "agreed_by", "agreed_note", "confirmed_by", "confirmed_note", "due_at", "ended_at",
    )  # fmt: skip
    list_select_related = ("user", "agreed_by", "confirmed_by")
    list_filter = ("state",)
    search_fields = ("user__id__exact", "user__display_name", "user__email", "user__phone")
    ordering = ("-asked_at", "-id")
    action_form = WithReason
    actions = ("approve", "decline")

    @admin.action(description="Agree: the reason says how you made sure who asks")
    @fresh
    def approve(self, request: HttpRequest, queryset: QuerySet[FactorReset]) -> None:
        _decide(request, queryset, factor_resets.approve)

    @admin.action(description="Decline, with the reason given")
    @fresh
    def decline(self, request: HttpRequest, queryset: QuerySet[FactorReset]) -> None:
        _decide(request, queryset, factor_resets.decline)


# Private functions


def _decide(request: HttpRequest, queryset: QuerySet[FactorReset], act: Callable[..., FactorReset]) -> None:
    by_id, note = cast(UUID, request.user.pk), request.POST.get("reason", "")
    for reset in queryset:
        try:
            state = act(reset_id=reset.id, by_id=by_id, expected_version=reset.version, note=note).state
        except DomainError as refusal:
            said = "; ".join(error.detail for error in refusal.errors) or refusal.detail or refusal.title
            messages.error(request, f"{reset.user}: {said}")
        else:
            messages.success(request, f"{reset.user}: {state}")
