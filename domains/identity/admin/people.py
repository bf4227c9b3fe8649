"""People and their profiles."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from domains.identity import actions
from domains.identity.models import (
    AuthSession,
    DayOff,
    Education,
    Experience,
    Profile,
    ProfileSkill,
    RoleGrant,
    User,
    WeeklySlot,
)
from kelmah.errors import DomainError
from kelmah.http.staff import ReadOnly

admin.site.unregister(Group)  # roles are granted, not grouped


class SessionInline(ReadOnly, TabularInline):
    sees = "identity.view_sessions"
    model = AuthSession
    fields = ("device_name", "ip", "created_at", "last_used_at", "rotations", "revoked_at", "revoke_reason")
    ordering = ("-created_at",)
    show_change_link = True


class GrantInline(ReadOnly, TabularInline):
    sees = "identity.view_grants"
    model = RoleGrant
    fk_name = "user"
    fields = ("role", "scope_kind", "scope_id", "granted_by", "granted_at")


@admin.register(User)
class UserAdmin(ReadOnly, ModelAdmin):
    sees = "identity.view_people"
    does = {"suspend": "identity.suspend_user", "reactivate": "identity.suspend_user"}
    list_display = ("display_name", "role", "status", "email", "phone", "created_at", "last_login")
    list_filter = ("role", "status", "locale", "is_superuser")
    search_fields = ("id__exact", "display_name", "email", "phone")
    search_help_text = "Name, e-mail, phone or id"
    ordering = ("-created_at", "-id")
    exclude = ("password", "groups", "user_permissions")
    inlines = (GrantInline, SessionInline)
    actions = ("suspend", "reactivate")

    @admin.action(description="Suspend: end every session and refuse log-ins")
    def suspend(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._for_each(request, queryset, actions.suspend_user, done="Suspended.")

    @admin.action(description="Reactivate")
    def reactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._for_each(request, queryset, actions.reactivate_user, done="Reactivated.")

    def _for_each(
        self, request: HttpRequest, queryset: QuerySet[User], action: Callable[..., None], *, done: str
    ) -> None:
        for user in queryset:
            if user.pk == request.user.pk or (user.is_superuser and not request.user.is_superuser):
                messages.error(request, f"{user}: somebody else with all rights must do this.")
                continue
            try:
                action(user_id=user.id)
            except DomainError as error:
                messages.error(request, f"{user}: {error.detail}")
            else:
                self.log_change(request, user, done)
                messages.success(request, f"{user}: {done}")


class SkillInline(ReadOnly, TabularInline):
    model = ProfileSkill
    fields: Any = ("skill_id", "name", "level", "years", "verified")


class ExperienceInline(ReadOnly, TabularInline):
    model: Any = Experience
    fields = ("organisation", "title", "started", "ended")
    ordering = ("-started",)


class EducationInline(ExperienceInline):
    model = Education


class SlotInline(ReadOnly, TabularInline):
    model = WeeklySlot
    fields = ("weekday", "starts", "minutes")
    ordering = ("weekday", "starts")


class DayOffInline(ReadOnly, TabularInline):
    model = DayOff
    fields = ("first", "last")
    ordering = ("first",)


@admin.register(Profile)
class ProfileAdmin(ReadOnly, ModelAdmin):
    sees = "identity.view_people"
    list_display = ("user", "headline", "place_name", "radius_km", "stars", "reviews", "jobs", "verified_level")
    list_select_related = ("user",)
    list_filter = (("user__role", admin.AllValuesFieldListFilter),)
    search_fields = ("user__id__exact", "user__display_name", "user__email", "headline", "place_name")
    inlines = (SkillInline, ExperienceInline, EducationInline, SlotInline, DayOffInline)
