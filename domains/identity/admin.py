"""Staff's desk for people: who they are, where they are logged in, and switching an account off and on."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from domains.identity import actions
from domains.identity.models import AuthSession, Inbox, Outbox, Profile, ProfileSkill, User
from kelmah.errors import DomainError
from kelmah.events.admin import InboxAdmin, OutboxAdmin
from kelmah.http.staff import ReadOnly

admin.site.unregister(Group)  # roles are granted, not grouped
admin.site.register(Inbox, InboxAdmin)
admin.site.register(Outbox, OutboxAdmin)


class SessionInline(ReadOnly, TabularInline):
    model = AuthSession
    fields = ("device_name", "address", "created_at", "last_used_at", "rotations", "revoked_at", "revoke_reason")
    ordering = ("-created_at",)


@admin.register(User)
class UserAdmin(ReadOnly, ModelAdmin):
    list_display = ("display_name", "role", "status", "email", "phone", "created_at", "last_login", "locked_until")
    list_filter = ("role", "status", "locale")
    search_fields = ("id", "display_name", "email", "phone")
    ordering = ("-created_at",)
    exclude = ("password", "groups", "user_permissions")
    inlines = (SessionInline,)
    actions = ("suspend", "reactivate")

    @admin.action(description="Suspend: end every session and refuse log-ins")
    def suspend(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._for_each(request, queryset, actions.suspend_user)

    @admin.action(description="Reactivate")
    def reactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._for_each(request, queryset, actions.reactivate_user)

    def _for_each(self, request: HttpRequest, queryset: QuerySet[User], action: Any) -> None:
        for user in queryset:
            try:
                action(user_id=user.id)
            except DomainError as error:
                messages.error(request, f"{user}: {error.detail}")
            else:
                messages.success(request, f"{user}: done")


class SkillInline(ReadOnly, TabularInline):
    model = ProfileSkill


@admin.register(Profile)
class ProfileAdmin(ReadOnly, ModelAdmin):
    list_display = ("user", "headline", "place_name", "radius_km", "stars", "reviews")
    list_select_related = ("user",)
    search_fields = ("user__display_name", "headline")
    inlines = (SkillInline,)
