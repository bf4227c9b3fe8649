"""Looking at Kelmah as somebody else does: begun here with a reason, and on record."""

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from domains.identity.actions import impersonation
from domains.identity.models import Impersonation
from kelmah.errors import DomainError, NotFound
from kelmah.http.address import client_address
from kelmah.http.staff import Guarded


@admin.register(Impersonation)
class ImpersonationAdmin(Guarded, ModelAdmin):
    """Adding one begins it; the page that follows shows its token, once."""

    sees = "identity.impersonate"
    does = {"end": "identity.impersonate"}
    list_display = ("staff", "user", "reason", "begun_at", "expires_at", "ended_at")
    list_select_related = ("user", "staff")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    search_fields = ("user__id__exact", "user__display_name", "user__email", "staff__email", "reason")
    ordering = ("-begun_at", "-id")
    fields = ("user", "reason")
    raw_id_fields = ("user",)
    actions = ("end",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("identity.impersonate"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Impersonation, form: ModelForm, change: bool) -> None:
        begun = impersonation.begin(
            user_id=obj.user_id,
            staff_id=cast(UUID, request.user.pk),
            reason=obj.reason,
            ip=str(client_address(request)),
        )
        obj.__dict__.update(begun.impersonation.__dict__)
        request._impersonation_token = begun.access_token  # type: ignore[attr-defined]  # for the page that follows

    def response_add(self, request: HttpRequest, obj: Impersonation, post_url_continue: str | None = None) -> Any:
        page = TemplateResponse(
            request,
            "desk/impersonation.html",
            {
                **self.admin_site.each_context(request),
                "title": str(obj),
                "impersonation": obj,
                "token": request._impersonation_token,  # type: ignore[attr-defined]
                "site": settings.FRONTEND_URL,
            },
        )
        page.headers["Cache-Control"] = "no-store"
        return page

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        try:
            return super().add_view(request, form_url, extra_context)
        except DomainError as refusal:
            messages.error(request, "; ".join(error.detail for error in refusal.errors) or refusal.detail)
            request.method = "GET"  # the empty form again
            return super().add_view(request, form_url, extra_context)

    @admin.action(description="End these now")
    def end(self, request: HttpRequest, queryset: QuerySet[Impersonation]) -> None:
        for each in queryset:
            try:
                impersonation.end(impersonation_id=each.id)
            except NotFound:
                messages.warning(request, f"{each}: was over already.")
            else:
                self.log_change(request, each, "Ended.")
                messages.success(request, f"{each}: ended.")
