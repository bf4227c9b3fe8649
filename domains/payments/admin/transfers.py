"""Deposits and payouts: what waits can be asked about and decided."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from domains.payments import actions, rules
from domains.payments.actions import refunds
from domains.payments.admin.deciding import Deciding, WithReasonAndPart
from domains.payments.models import Deposit, GatewayCommand, Payout
from domains.payments.queries.payouts import payouts_in
from domains.payments.queries.refunds import charge_ref_of
from domains.payments.rules.decimals import money_of
from kelmah.errors import InvalidInput
from kelmah.money import Money
from kelmah.staff.deciding import attempt


class TransferAdmin(Deciding):
    does = {
        "ask_the_gateway": "payments.follow_gateway",
        "accept": "payments.settle_transfer",
        "dismiss": "payments.settle_transfer",
    }
    list_display = ("id", "user_id", "amount", "state", "failure", "gateway", "created_at", "settled_at")
    list_filter = ("state", "currency", "gateway")
    search_fields = ("id", "user_id")
    search_help_text = "Id, amount (12.50 GHS), reference"
    ordering = ("-created_at", "-id")

    @admin.action(description="Ask the gateway what became of it")
    def ask_the_gateway(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        ids = queryset.filter(state="processing").values("id")
        for command in GatewayCommand.objects.filter(subject_id__in=ids):
            attempt(request, command, lambda command=command: actions.follow_command(command_id=command.id))


@admin.register(Deposit)
class DepositAdmin(TransferAdmin):
    books, table = "deposit:{0.id}:", rules.DEPOSIT
    does = {
        **TransferAdmin.does,
        "refund": "payments.refund_deposit",
        "send_back": "payments.refund_deposit",
    }
    action_form = WithReasonAndPart
    actions = ("ask_the_gateway", "accept", "dismiss", "refund", "send_back")

    @admin.action(description="In review: credit what really arrived, with the reason given")
    def accept(self, request: HttpRequest, queryset: QuerySet[Deposit]) -> None:
        self._decide(request, queryset, lambda d, why: actions.accept_deposit(deposit_id=d.id, ruling=why))

    @admin.action(description="In review: credit nothing, with the reason given")
    def dismiss(self, request: HttpRequest, queryset: QuerySet[Deposit]) -> None:
        self._decide(request, queryset, lambda d, why: actions.dismiss_deposit(deposit_id=d.id, ruling=why))

    @admin.action(description="Refund to where it came from, whole or in part, with the reason given")
    def refund(self, request: HttpRequest, queryset: QuerySet[Deposit]) -> None:
        part = request.POST.get("part", "").strip()

        def give_back(deposit: Deposit, why: actions.Ruling) -> None:
            amount = _written(part, deposit.currency) if part else None
            refunds.refund_deposit(deposit_id=deposit.id, amount=amount, ruling=why)

        self._decide(request, queryset, give_back)

    @admin.action(description="Send back what no wallet got, with the reason given")
    def send_back(self, request: HttpRequest, queryset: QuerySet[Deposit]) -> None:
        def give_back(deposit: Deposit, why: actions.Ruling) -> None:
            refunds.send_back(gateway=deposit.gateway, charge_ref=charge_ref_of(deposit.id), ruling=why)

        self._decide(request, queryset, give_back)


class OfBatch(admin.SimpleListFilter):
    """The payouts of one batch, whose page leads here."""

    title, parameter_name = "batch", "batch"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        batch = request.GET.get("batch")
        return [(batch, batch)] if batch else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payout]) -> QuerySet[Payout]:
        try:
            return queryset.filter(id__in=payouts_in(UUID(self.value()))) if self.value() else queryset
        except ValueError:
            return queryset.none()


@admin.register(Payout)
class PayoutAdmin(TransferAdmin):
    books, table = "payout:{0.id}:", rules.PAYOUT
    list_display = ("id", "owner", "purpose", *TransferAdmin.list_display[1:])
    search_fields = ("id", "user_id", "owner", "key", "source")
    list_filter = (*TransferAdmin.list_filter, OfBatch)
    actions = ("ask_the_gateway", "accept")

    @admin.action(description="In review: take it as paid, with the reason given")
    def accept(self, request: HttpRequest, queryset: QuerySet[Payout]) -> None:
        self._decide(request, queryset, lambda p, why: actions.accept_payout(payout_id=p.id, ruling=why))


# Private functions


def _written(part: str, currency: str) -> Money:
    try:
        return money_of(part, currency)
    except ValueError:
        raise InvalidInput(f"{part[:20]} is no amount in {currency}: write it as in 12.50.") from None
