"""Protected funds, and what the platform takes of them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from domains.payments import actions
from domains.payments.admin.deciding import Deciding
from domains.payments.models import Escrow, FeePlan
from kelmah.http.staff import ReadOnly


@admin.register(Escrow)
class EscrowAdmin(Deciding):
    does = {"refund": "payments.refund_escrow"}
    list_display = ("title", "amount", "state", "fee_plan", "fee_minor", "net_minor", "funded_at", "settled_at")
    list_filter = ("state", "currency", "fee_plan")
    search_fields = ("milestone_id", "contract_id", "hirer_id", "worker_id")
    ordering = ("-funded_at",)
    actions = ("refund",)

    @admin.action(description="Refund to the hirer, with the reason given")
    def refund(self, request: HttpRequest, queryset: QuerySet[Escrow]) -> None:
        self._decide(request, queryset, lambda e, why: actions.refund_escrow(milestone_id=e.milestone_id, ruling=why))


@admin.register(FeePlan)
class FeePlanAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_money"
    list_display = ("name", "version", "basis_points", "reason")
