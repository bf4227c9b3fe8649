"""The finance desk: money can be looked at, never edited; what waits can be asked about, decided or tried again."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from domains.payments import actions
from domains.payments.models import (
    BooksCheck,
    Decision,
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
    Position,
    WebhookEvent,
)
from kelmah.errors import DomainError
from kelmah.events.admin import InboxAdmin, OutboxAdmin
from kelmah.http.staff import ReadOnly
from kelmah.money import Money

admin.site.register(Inbox, InboxAdmin)
admin.site.register(Outbox, OutboxAdmin)


class WithReason(ActionForm):
    """The actions of a list, and a line to say why."""

    reason = forms.CharField(
        label="", required=False, widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Reason"})
    )


@admin.register(Position)
class PositionAdmin(ReadOnly, ModelAdmin):
    """Where all the money is: each currency sums to zero."""

    sees = "payments.view_money"
    list_display = ("currency", "kind", "sum", "accounts")
    list_filter = ("currency", "kind")
    ordering = ("currency", "kind")

    @admin.display(description="balance")
    def sum(self, position: Position) -> str:
        return str(Money(position.balance, position.currency))


@admin.register(BooksCheck)
class BooksCheckAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_money"
    does = {"check_now": "payments.check_books"}
    list_display = ("at", "in_order", "broken")
    ordering = ("-at",)
    actions = ("check_now",)

    @admin.display(boolean=True)
    def in_order(self, check: BooksCheck) -> bool:
        return not check.broken

    @admin.action(description="Look at the books now")
    def check_now(self, request: HttpRequest, queryset: QuerySet[BooksCheck]) -> None:
        if broken := actions.check_books():
            messages.error(request, f"{broken} invariants are broken: payouts are frozen.")
        else:
            messages.success(request, "The books are in order.")


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_money"
    list_display = ("key", "currency", "balance", "floor", "version", "closed")
    list_filter = ("currency", "closed")
    search_fields = ("key",)
    ordering = ("key",)


class EntryInline(ReadOnly, TabularInline):
    model = LedgerEntry
    fields = readonly_fields = ("account", "amount", "currency", "balance_after", "account_version")
    ordering = ("seq",)


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_money"
    list_display = ("idem", "kind", "event_at", "n", "reverses")
    list_filter = ("kind",)
    search_fields = ("idem",)
    ordering = ("-id",)
    inlines = (EntryInline,)


class Deciding(ReadOnly, ModelAdmin):
    """Lists on which staff decide, with a reason that is kept."""

    sees = "payments.view_money"
    action_form = WithReason

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Any], act: Callable[[Any, actions.Ruling], None]
    ) -> None:
        ruling = actions.Ruling(by=request.user.pk, reason=request.POST.get("reason", ""))
        for thing in queryset:
            _attempt(request, thing, lambda thing=thing: act(thing, ruling))


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


class TransferAdmin(Deciding):
    does = {
        "ask_the_gateway": "payments.follow_gateway",
        "accept": "payments.settle_transfer",
        "dismiss": "payments.settle_transfer",
    }
    list_display = ("id", "user_id", "amount", "state", "failure", "gateway", "created_at", "settled_at")
    list_filter = ("state", "currency", "gateway")
    search_fields = ("id", "user_id")
    ordering = ("-created_at", "-id")

    @admin.action(description="Ask the gateway what became of it")
    def ask_the_gateway(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        ids = queryset.filter(state="processing").values("id")
        for command in GatewayCommand.objects.filter(subject_id__in=ids):
            _attempt(request, command, lambda command=command: actions.follow_command(command_id=command.id))


@admin.register(Deposit)
class DepositAdmin(TransferAdmin):
    actions = ("ask_the_gateway", "accept", "dismiss")

    @admin.action(description="In review: credit what really arrived, with the reason given")
    def accept(self, request: HttpRequest, queryset: QuerySet[Deposit]) -> None:
        self._decide(request, queryset, lambda d, why: actions.accept_deposit(deposit_id=d.id, ruling=why))

    @admin.action(description="In review: credit nothing, with the reason given")
    def dismiss(self, request: HttpRequest, queryset: QuerySet[Deposit]) -> None:
        self._decide(request, queryset, lambda d, why: actions.dismiss_deposit(deposit_id=d.id, ruling=why))


@admin.register(Payout)
class PayoutAdmin(TransferAdmin):
    actions = ("ask_the_gateway", "accept")

    @admin.action(description="In review: take it as paid, with the reason given")
    def accept(self, request: HttpRequest, queryset: QuerySet[Payout]) -> None:
        self._decide(request, queryset, lambda p, why: actions.accept_payout(payout_id=p.id, ruling=why))


@admin.register(GatewayCommand)
class GatewayCommandAdmin(Deciding):
    does = {"ask_the_gateway": "payments.follow_gateway", "give_up": "payments.follow_gateway"}
    list_display = ("id", "gateway", "kind", "amount", "state", "attempts", "next_at", "gateway_ref", "last_error")
    list_filter = ("state", "gateway", "kind")
    search_fields = ("id", "subject_id", "gateway_ref")
    ordering = ("-created_at", "-id")
    exclude = ("instrument",)
    actions = ("ask_the_gateway", "give_up")

    @admin.action(description="Ask the gateway what became of it")
    def ask_the_gateway(self, request: HttpRequest, queryset: QuerySet[GatewayCommand]) -> None:
        for command in queryset:
            _attempt(request, command, lambda command=command: actions.follow_command(command_id=command.id))

    @admin.action(description="The gateway denies it: declare it never done, with the reason given")
    def give_up(self, request: HttpRequest, queryset: QuerySet[GatewayCommand]) -> None:
        self._decide(request, queryset, lambda c, why: actions.give_up_command(command_id=c.id, ruling=why))


@admin.register(WebhookEvent)
class WebhookEventAdmin(Deciding):
    does = {"replay": "payments.follow_gateway"}
    list_display = ("event_id", "gateway", "kind", "ref", "received_at", "processed_at", "attempts", "dead_at")
    list_filter = ("gateway", ("dead_at", admin.EmptyFieldListFilter), ("processed_at", admin.EmptyFieldListFilter))
    search_fields = ("event_id", "ref")
    ordering = ("-received_at",)
    exclude = ("body",)
    actions = ("replay",)

    @admin.action(description="Process again, with the reason given")
    def replay(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> None:
        self._decide(request, queryset, lambda e, why: actions.replay_webhook(event_pk=e.pk, ruling=why))


@admin.register(Decision)
class DecisionAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_money"
    list_display = ("at", "kind", "subject_id", "by", "reason")
    list_filter = ("kind",)
    search_fields = ("subject_id", "by", "reason")
    ordering = ("-at",)


@admin.register(FeePlan)
class FeePlanAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_money"
    list_display = ("name", "version", "basis_points", "reason")


def _attempt(request: HttpRequest, thing: Any, act: Callable[[], None]) -> None:
    try:
        act()
    except DomainError as error:
        messages.error(request, f"{thing}: {error.detail}")
    else:
        messages.success(request, f"{thing}: done")
