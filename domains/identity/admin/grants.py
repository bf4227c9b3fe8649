"""Roles that staff give and take."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from domains.identity import actions
from domains.identity.models import RoleGrant
from kelmah.errors import DomainError


@admin.register(RoleGrant)
class RoleGrantAdmin(ModelAdmin):
    list_display = ("user", "role", "scope_kind", "scope_id", "granted_by", "granted_at")
    list_select_related = ("user", "granted_by")
    list_filter = ("role", "scope_kind")
    search_fields = ("user__id__exact", "user__display_name", "user__email", "role", "scope_id")
    ordering = ("-granted_at", "-id")
    fields = ("user", "role", "scope_kind", "scope_id")
    raw_id_fields = ("user",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: RoleGrant, form: ModelForm, change: bool) -> None:
        granted = actions.grant_role(
            user_id=obj.user_id,
            role=obj.role,
            by_id=cast(UUID, request.user.pk),
            scope_kind=obj.scope_kind,
            scope_id=obj.scope_id,
            grant_id=obj.id,
        )
        obj.granted_by_id, obj.granted_at = granted.granted_by_id, granted.granted_at

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        try:
            return super().add_view(request, form_url, extra_context)
        except DomainError as refusal:
            details = "; ".join(error.detail for error in refusal.errors) or refusal.detail
            messages.error(request, details)
            request.method = "GET"  # the empty form again
            return super().add_view(request, form_url, extra_context)

    def delete_model(self, request: HttpRequest, obj: RoleGrant) -> None:
        actions.withdraw_role(grant_id=obj.id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoleGrant]) -> None:
        for grant in queryset:
            actions.withdraw_role(grant_id=grant.id)
