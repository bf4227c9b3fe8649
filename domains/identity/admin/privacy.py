"""Requests about people's data at the desk: how far each is, what stands against it, and every domain's receipt."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from domains.identity.actions.erasures import recheck_erasure
from domains.identity.models import DataExport, Erasure
from domains.identity.queries.data_requests import receipts_of
from kelmah import clock
from kelmah.errors import DomainError
from kelmah.http.staff import ReadOnly


class LateFilter(admin.SimpleListFilter):
    """What should be over by now, and is not."""

    title = "late"
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "late")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Erasure]) -> QuerySet[Erasure]:
        return queryset.filter(ended_at=None, finish_by__lt=clock.now()) if self.value() == "yes" else queryset


class WithReceipts:
    @admin.display(description="Receipts")
    def receipts(self, request_: Any) -> SafeString:
        rows = (
            (each.step, each.domain, each.state, each.tries, each.asked_at, each.answered_at or "–", _said(each))
            for each in receipts_of(request_.id)
        )
        cells = format_html_join("", "<tr>" + "<td>{}</td>" * 7 + "</tr>", rows)
        head = "".join(
            f"<th>{name}</th>" for name in ("step", "domain", "state", "asked", "asked at", "answered", "said")
        )
        return format_html('<table class="receipts"><tr>' + head + "</tr>{}</table>", cells)

    @admin.display(description="Progress")
    def progress(self, request_: Any) -> str:
        found = list(receipts_of(request_.id))
        step = found[-1].step if found else ""
        of_step = [each for each in found if each.step == step]
        return f"{step} {sum(each.state == 'done' for each in of_step)}/{len(of_step)}" if found else "–"


@admin.register(Erasure)
class ErasureAdmin(WithReceipts, ReadOnly, ModelAdmin):
    sees = "identity.view_privacy"
    does = {"recheck": "identity.recheck_erasure"}
    list_display = ("id", "user_id", "state", "progress", "requested_at", "due_at", "finish_by", "ended_at")
    list_filter = ("state", LateFilter)
    search_fields = ("id__exact", "user_id__exact")
    ordering = ("-requested_at", "-id")
    fields = (
        "user_id", "state", "reasons", "requested_at", "due_at", "finish_by", "started_at", "ended_at", "receipts",
    )  # fmt: skip
    readonly_fields = ("receipts",)
    actions = ("recheck",)

    @admin.action(description="Ask the domains again now")
    def recheck(self, request: HttpRequest, queryset: QuerySet[Erasure]) -> None:
        for erasure in queryset:
            try:
                recheck_erasure(erasure_id=erasure.id)
            except DomainError as error:
                messages.error(request, f"{erasure}: {error.detail}")
            else:
                self.log_change(request, erasure, "Asked again.")
                messages.success(request, f"{erasure}: asked again.")


@admin.register(DataExport)
class DataExportAdmin(WithReceipts, ReadOnly, ModelAdmin):
    """Who asked for a copy and how far it is; what is in it, nobody sees but its owner."""

    sees = "identity.view_privacy"
    list_display = ("id", "user_id", "state", "progress", "requested_at", "ready_at", "expires_at", "downloads")
    list_filter = ("state",)
    search_fields = ("id__exact", "user_id__exact")
    ordering = ("-requested_at", "-id")
    fields = (
        "user_id", "state", "requested_at", "ready_at", "expires_at", "size", "downloads", "receipts",
    )  # fmt: skip
    readonly_fields = ("receipts",)


# Private functions


def _said(receipt: Any) -> str:
    if receipt.holds:
        return ", ".join(f"{hold['reason']} ({hold['count']})" for hold in receipt.holds)
    return ", ".join(f"{what} {count}" for what, count in receipt.counts.items())
