"""Where people are logged in, and who is kept out for now."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from domains.identity import actions
from domains.identity.models import AuthSession, LoginGuard
from kelmah.http.staff import ReadOnly


@admin.register(AuthSession)
class AuthSessionAdmin(ReadOnly, ModelAdmin):
    sees = "identity.view_sessions"
    does = {"revoke": "identity.revoke_session"}
    list_display = (
        "user",
        "device_name",
        "ip",
        "created_at",
        "last_used_at",
        "rotations",
        "revoked_at",
        "revoke_reason",
    )
    list_select_related = ("user",)
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "revoke_reason")
    search_fields = ("id__exact", "user__id__exact", "user__display_name", "user__email", "user__phone")
    ordering = ("-created_at", "-id")
    exclude = ("current_hash", "previous_hash")
    actions = ("revoke",)

    @admin.action(description="End these sessions")
    def revoke(self, request: HttpRequest, queryset: QuerySet[AuthSession]) -> None:
        living = list(queryset.filter(revoked_at__isnull=True))
        for session in living:
            actions.revoke_session(session_id=session.id)
            self.log_change(request, session, "Ended.")
        messages.success(request, f"{len(living)} sessions ended.")


@admin.register(LoginGuard)
class LoginGuardAdmin(ReadOnly, ModelAdmin):
    """The key holds the id of an account; those of nobody are hashes."""

    sees = "identity.view_sessions"
    list_display = ("key", "failures", "last_failed_at", "locked_until")
    list_filter = (("locked_until", admin.EmptyFieldListFilter),)
    search_fields = ("key",)
    ordering = ("-last_failed_at", "key")
