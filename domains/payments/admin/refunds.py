"""Money that goes back: refunds, chargebacks, and what people owe because of them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from domains.payments import actions, rules
from domains.payments.actions import receivables, refunds
from domains.payments.admin.deciding import Deciding
from domains.payments.admin.looking import Looking
from domains.payments.models import Chargeback, GatewayCommand, Receivable, Refund
from domains.payments.queries.refunds import owed_by
from kelmah.money import Money
from kelmah.staff.deciding import attempt


@admin.register(Refund)
class RefundAdmin(Deciding):
    books, table = "refund:{0.id}:", rules.REFUND
    search_help_text = "Id, amount (12.50 GHS), reference"
    does = {"ask_the_gateway": "payments.follow_gateway", "accept": "payments.settle_transfer"}
    list_display = ("id", "user_id", "amount", "state", "source", "failure", "gateway", "created_at", "settled_at")
    list_filter = ("state", "source", "currency", "gateway")
    search_fields = ("id", "user_id", "deposit_id", "charge_ref")
    ordering = ("-created_at", "-id")
    actions = ("ask_the_gateway", "accept")

    @admin.action(description="Ask the gateway what became of it")
    def ask_the_gateway(self, request: HttpRequest, queryset: QuerySet[Refund]) -> None:
        ids = queryset.filter(state="processing").values("id")
        for command in GatewayCommand.objects.filter(kind="refund", subject_id__in=ids):
            attempt(request, command, lambda command=command: actions.follow_command(command_id=command.id))

    @admin.action(description="In review: take it as done, with the reason given")
    def accept(self, request: HttpRequest, queryset: QuerySet[Refund]) -> None:
        self._decide(request, queryset, lambda r, why: refunds.accept_refund(refund_id=r.id, ruling=why))


@admin.register(Chargeback)
class ChargebackAdmin(Looking):
    books, table = "{0.gateway}:{0.ref}:", rules.CHARGEBACK
    search_help_text = "Id, amount (12.50 GHS), reference"
    list_display = ("ref", "gateway", "user_id", "amount", "state", "source", "opened_at", "changed_at")
    list_filter = ("state", "gateway", "currency")
    search_fields = ("ref", "charge_ref", "user_id", "deposit_id")
    ordering = ("-opened_at",)


@admin.register(Receivable)
class ReceivableAdmin(Deciding):
    does = {"forgive": "payments.forgive_debt"}
    list_display = ("user_id", "owed", "since")
    list_filter = ("currency",)
    search_fields = ("user_id",)
    ordering = ("-since",)
    list_per_page = 20
    actions = ("forgive",)

    @admin.display(description="owes")
    def owed(self, receivable: Receivable) -> Money:
        return owed_by(receivable.user_id, receivable.currency)

    @admin.action(description="Give up what they owe, at the platform's loss, with the reason given")
    def forgive(self, request: HttpRequest, queryset: QuerySet[Receivable]) -> None:
        self._decide(
            request,
            queryset,
            lambda r, why: receivables.forgive(user_id=r.user_id, currency=r.currency, ruling=why),
        )
