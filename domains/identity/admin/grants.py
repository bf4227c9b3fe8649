"""Roles of staff: asked for by one, approved by another; and who holds what."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from domains.identity.actions import grants, role_requests
from domains.identity.admin.gate import fresh
from domains.identity.models import RoleGrant, RoleRequest
from kelmah.http.staff import Guarded, ReadOnly
from kelmah.rights.declared import declared
from kelmah.staff.deciding import AddedByAction, WithReason, attempt


@admin.register(RoleGrant)
class RoleGrantAdmin(ReadOnly, ModelAdmin):
    sees = "identity.view_grants"
    does = {"withdraw": "identity.request_grant"}
    list_display = (
        "user", "role", "scope_kind", "scope_id", "granted_by", "approved_by", "granted_at", "expires_at", "ended_at",
    )  # fmt: skip
    list_select_related = ("user", "granted_by", "approved_by")
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "role", "scope_kind")
    search_fields = ("user__id__exact", "user__display_name", "user__email", "role", "scope_id")
    ordering = ("-granted_at", "-id")
    action_form = WithReason
    actions = ("withdraw",)

    @admin.action(description="Withdraw at once, with the reason given")
    @fresh
    def withdraw(self, request: HttpRequest, queryset: QuerySet[RoleGrant]) -> None:
        by_id, reason = cast(UUID, request.user.pk), request.POST.get("reason", "")
        for grant in queryset:
            attempt(request, grant, lambda g=grant: grants.withdraw_role(grant_id=g.id, by_id=by_id, reason=reason))


class RoleRequestForm(ModelForm):
    """Which roles can be asked for is known once all domains are."""

    role = forms.ChoiceField(widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        privileged = [role for role in declared().roles.values() if role.privileged]
        self.fields["role"].choices = [(role.name, role.title) for role in privileged]  # type: ignore[attr-defined]


@admin.register(RoleRequest)
class RoleRequestAdmin(Guarded, AddedByAction):
    sees = "identity.view_grants"
    does = {
        "approve": "identity.approve_grant",
        "decline": "identity.approve_grant",
        "take_back": "identity.request_grant",
    }
    list_display = ("user", "role", "state", "reason", "asked_by", "asked_at", "expires_at", "decided_by", "note")
    list_select_related = ("user", "asked_by", "decided_by")
    list_filter = ("state", "role")
    search_fields = ("user__id__exact", "user__display_name", "user__email", "role", "reason")
    ordering = ("-asked_at", "-id")
    form = RoleRequestForm
    fields = ("user", "role", "expires_at", "reason")
    raw_id_fields = ("user",)
    action_form = WithReason
    actions = ("approve", "decline", "take_back")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("identity.request_grant"))

    def save_model(self, request: HttpRequest, obj: RoleRequest, form: ModelForm, change: bool) -> None:
        asked = role_requests.ask(
            user_id=obj.user_id,
            role=obj.role,
            by_id=cast(UUID, request.user.pk),
            reason=obj.reason,
            expires_at=obj.expires_at,
        )
        obj.__dict__.update(asked.__dict__)

    @admin.action(description="Approve")
    @fresh
    def approve(self, request: HttpRequest, queryset: QuerySet[RoleRequest]) -> None:
        by_id, note = cast(UUID, request.user.pk), request.POST.get("reason", "")
        for asked in queryset:
            attempt(
                request, asked,
                lambda r=asked: role_requests.approve(
                    request_id=r.id, by_id=by_id, expected_version=r.version, note=note
                ),
            )  # fmt: skip

    @admin.action(description="Decline, with the reason given")
    def decline(self, request: HttpRequest, queryset: QuerySet[RoleRequest]) -> None:
        by_id, note = cast(UUID, request.user.pk), request.POST.get("reason", "")
        for asked in queryset:
            attempt(
                request, asked,
                lambda r=asked: role_requests.decline(
                    request_id=r.id, by_id=by_id, expected_version=r.version, note=note
                ),
            )  # fmt: skip

    @admin.action(description="Take back what you asked for")
    def take_back(self, request: HttpRequest, queryset: QuerySet[RoleRequest]) -> None:
        by_id = cast(UUID, request.user.pk)
        for asked in queryset:
            attempt(
                request, asked,
                lambda r=asked: role_requests.withdraw(request_id=r.id, by_id=by_id, expected_version=r.version),
            )  # fmt: skip
