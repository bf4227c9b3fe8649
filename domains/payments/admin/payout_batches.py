"""Payouts that were sent together: what became of each batch, and which payouts are in it."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from domains.payments import rules
from domains.payments.actions.payout_batches import follow_batch
from domains.payments.admin.deciding import Deciding
from domains.payments.models import PayoutBatch
from domains.payments.queries.payouts import batches_with_progress
from kelmah.staff.deciding import attempt


@admin.register(PayoutBatch)
class PayoutBatchAdmin(Deciding):
    table = rules.PAYOUT_BATCH
    does = {"ask_the_gateway": "payments.follow_gateway"}
    list_display = (
        "created_at",
        "gateway",
        "state",
        "total",
        "progress",
        "payouts",
        "attempts",
        "next_at",
        "last_error",
    )
    list_filter = ("state", "gateway", "currency")
    search_fields = ("id", "gateway_ref")
    ordering = ("-created_at", "-id")
    actions = ("ask_the_gateway",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PayoutBatch]:
        return batches_with_progress()

    @admin.display(description="paid / failed / open")
    def progress(self, batch: PayoutBatch) -> str:
        return f"{batch.paid} / {batch.failed} / {batch.undecided}"  # type: ignore[attr-defined]  # annotated

    @admin.display(description="payouts")
    def payouts(self, batch: PayoutBatch) -> str:
        return format_html(
            '<a href="{}?batch={}">{}</a>', reverse("admin:payments_payout_changelist"), batch.pk, batch.count
        )

    @admin.action(description="Ask the gateway what became of it")
    def ask_the_gateway(self, request: HttpRequest, queryset: QuerySet[PayoutBatch]) -> None:
        for batch in queryset:
            attempt(request, batch, lambda batch=batch: follow_batch(batch_id=batch.id))
