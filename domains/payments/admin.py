"""The finance desk: money can be looked at, never edited; what waits can be asked about or tried again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from domains.payments import actions
from domains.payments.actions.commands import follow_command
from domains.payments.models import (
    Deposit,
    Escrow,
    FeePlan,
    GatewayCommand,
    Inbox,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    Outbox,
    Payout,
    WebhookEvent,
)
from kelmah.errors import DomainError
from kelmah.events.admin import InboxAdmin, OutboxAdmin
from kelmah.http.staff import ReadOnly

admin.site.register(Inbox, InboxAdmin)
admin.site.register(Outbox, OutboxAdmin)


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnly, ModelAdmin):
    list_display = ("key", "currency", "balance", "floor", "version", "closed")
    list_filter = ("currency", "closed")
    search_fields = ("key",)


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnly, ModelAdmin):
    list_display = ("idem", "kind", "event_at", "legs")
    list_filter = ("kind",)
    search_fields = ("idem",)
    ordering = ("-id",)

    @admin.display(description="entries")
    def legs(self, transaction: LedgerTransaction) -> str:
        entries = LedgerEntry.objects.filter(txn_id=transaction.id).select_related("account").order_by("seq")
        return " · ".join(f"{entry.account.key} {entry.amount:+d} {entry.currency}" for entry in entries)


@admin.register(Escrow)
class EscrowAdmin(ReadOnly, ModelAdmin):
    list_display = ("title", "amount", "state", "fee_plan", "fee_minor", "net_minor", "funded_at", "settled_at")
    list_filter = ("state", "currency", "fee_plan")
    search_fields = ("milestone_id", "contract_id", "hirer_id", "worker_id")
    actions = ("refund",)

    @admin.action(description="Refund to the hirer")
    def refund(self, request: HttpRequest, queryset: QuerySet[Escrow]) -> None:
        for escrow in queryset:
            _attempt(request, escrow, lambda e=escrow: actions.refund_escrow(milestone_id=e.milestone_id))


class TransferAdmin(ReadOnly, ModelAdmin):
    list_display = ("id", "user_id", "amount", "state", "failure", "gateway", "created_at", "settled_at")
    list_filter = ("state", "currency", "gateway")
    search_fields = ("id", "user_id")
    ordering = ("-created_at",)


admin.site.register(Deposit, TransferAdmin)
admin.site.register(Payout, TransferAdmin)


@admin.register(GatewayCommand)
class GatewayCommandAdmin(ReadOnly, ModelAdmin):
    list_display = ("id", "gateway", "kind", "amount", "state", "attempts", "next_at", "gateway_ref", "last_error")
    list_filter = ("state", "gateway", "kind")
    search_fields = ("id", "subject_id", "gateway_ref")
    exclude = ("instrument",)
    actions = ("ask_the_gateway",)

    @admin.action(description="Ask the gateway what became of it")
    def ask_the_gateway(self, request: HttpRequest, queryset: QuerySet[GatewayCommand]) -> None:
        for command in queryset.exclude(state__in=["succeeded", "rejected"]):
            _attempt(request, command, lambda c=command: follow_command(command_id=c.id))


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnly, ModelAdmin):
    list_display = ("event_id", "gateway", "received_at", "processed_at", "attempts", "dead_at", "last_error")
    list_filter = ("gateway", ("dead_at", admin.EmptyFieldListFilter), ("processed_at", admin.EmptyFieldListFilter))
    search_fields = ("event_id",)
    exclude = ("body",)
    actions = ("replay",)

    @admin.action(description="Process again")
    def replay(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> None:
        for event in queryset:
            WebhookEvent.objects.filter(pk=event.pk).update(dead_at=None, processed_at=None)
            _attempt(request, event, lambda e=event: actions.process_webhook(event_pk=e.pk))


@admin.register(FeePlan)
class FeePlanAdmin(ReadOnly, ModelAdmin):
    list_display = ("name", "version", "basis_points", "reason")


def _attempt(request: HttpRequest, thing: Any, act: Any) -> None:
    try:
        act()
    except DomainError as error:
        messages.error(request, f"{thing}: {error.detail}")
    else:
        messages.success(request, f"{thing}: done")
