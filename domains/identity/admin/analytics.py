"""Figures about people at the desk: as charts above their list, and as CSV. Nobody can be found in them."""

import csv
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin

from domains.identity.models import Figure
from domains.identity.queries.analytics import charts
from domains.identity.rules.analytics import SMALLEST
from kelmah.http.staff import ReadOnly

COLUMNS = ("kind", "period", "item", "by", "part", "value")


@admin.register(Figure)
class FigureAdmin(ReadOnly, ModelAdmin):
    sees = "identity.view_analytics"
    list_display = ("kind", "period", "item", "by", "part", "told", "computed_at")
    list_filter = ("kind", "by", "period")
    ordering = ("kind", "-period", "item", "by", "part")
    list_before_template = "desk/charts.html"

    @admin.display(description="People")
    def told(self, figure: Figure) -> str:
        return _told(figure.value)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        more = {"charts": charts(), "smallest": SMALLEST}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def get_urls(self) -> list[URLPattern]:
        own = path("csv/", self.admin_site.admin_view(self.as_csv), name="identity_figure_csv")
        return [own, *super().get_urls()]

    def as_csv(self, request: HttpRequest) -> HttpResponse:
        """Every figure, a line each."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="people.csv"'
        writer = csv.writer(response)
        writer.writerow(COLUMNS)
        for figure in Figure.objects.order_by(*COLUMNS[:-1]):
            writer.writerow([*(getattr(figure, name) for name in COLUMNS[:-1]), _told(figure.value)])
        return response


# Private functions


def _told(value: int | None) -> str:
    return "hidden" if value is None else str(value)
