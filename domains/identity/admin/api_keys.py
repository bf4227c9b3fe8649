"""Keys of programs: seen, and revoked when one has leaked."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from domains.identity.actions import api_keys
from domains.identity.models import ApiKey
from kelmah.errors import NotFound
from kelmah.http.staff import ReadOnly


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly, ModelAdmin):
    sees = "identity.view_sessions"
    does = {"revoke": "identity.revoke_session"}
    list_display = ("prefix", "name", "user", "mode", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    list_filter = ("mode", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("prefix", "id__exact", "user__id__exact", "user__display_name", "user__email")
    ordering = ("-created_at", "-id")
    exclude = ("secret_hash",)
    actions = ("revoke",)

    @admin.action(description="Revoke these keys")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            try:
                api_keys.revoke_key(user_id=key.user_id, key_id=key.id)
            except NotFound:
                messages.warning(request, f"{key} had ended already.")
            else:
                self.log_change(request, key, "Revoked.")
                messages.success(request, f"{key}: revoked.")
