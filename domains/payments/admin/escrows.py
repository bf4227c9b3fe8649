"""Protected funds: what is held, what left, and what is disputed."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from domains.payments import actions, rules
from domains.payments.admin.deciding import Deciding
from domains.payments.admin.looking import Looking, in_money
from domains.payments.models import Deadline, DisputedFunds, Escrow, EscrowRelease, MoneyHold
from domains.payments.rules.owners import MONEY_HOLD
from kelmah.http.staff import ReadOnly


class ReleaseInline(ReadOnly, TabularInline):
    model = EscrowRelease
    fields = readonly_fields = (
        "number",
        *(in_money(name) for name in ("gross_minor", "fee_minor", "net_minor")),
        *("released_at", "matures_at", "matured_at"),
    )
    ordering = ("released_at",)


@admin.register(Escrow)
class EscrowAdmin(Deciding):
    books, table = "escrow:{0.milestone_id}:", rules.ESCROW
    search_help_text = "Id, or amount (12.50 GHS)"
    does = {"refund": "payments.refund_escrow"}
    list_display = ("title", "amount", "held", "state", "fee_plan", in_money("fee_minor"),
                    in_money("net_minor"), in_money("refunded_minor"),
                    "review_ends_at", "funded_at", "settled_at")  # fmt: skip
    list_filter = ("state", "currency", "fee_plan")
    search_fields = ("milestone_id", "contract_id", "hirer_id", "worker_id")
    ordering = ("-funded_at",)
    inlines = (ReleaseInline,)
    actions = ("refund",)

    @admin.action(description="Refund to the hirer what is held, with the reason given")
    def refund(self, request: HttpRequest, queryset: QuerySet[Escrow]) -> None:
        self._decide(request, queryset, lambda e, why: actions.refund_escrow(milestone_id=e.milestone_id, ruling=why))


@admin.register(DisputedFunds)
class DisputedFundsAdmin(Looking):
    books, table = "dispute:{0.id}:", rules.DISPUTED
    list_display = ("id", "escrow", in_money("amount_minor"), "state", in_money("award_minor"), "review_left",
                    "frozen_at", "ended_at")  # fmt: skip
    list_select_related = ("escrow",)
    list_filter = ("state",)
    search_fields = ("id", "escrow__milestone_id", "escrow__contract_id")
    ordering = ("-frozen_at",)


@admin.register(MoneyHold)
class MoneyHoldAdmin(Looking):
    books, table = "hold:{0.id}:", MONEY_HOLD
    list_display = ("key", "payer_id", "purpose", "amount", "state", "captured", "refunded", "expires_at", "settled_at")
    list_filter = ("state", "purpose", "currency")
    search_fields = ("key", "payer_id", "source")
    ordering = ("-created_at", "-id")
    exclude = ("lines_hash",)


@admin.register(Deadline)
class DeadlineAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_events"
    list_display = ("kind", "subject_id", "due_at", "done_at", "attempts", "last_error")
    list_filter = ("kind",)
    search_fields = ("subject_id",)
    ordering = ("-due_at",)
