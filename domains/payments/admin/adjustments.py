"""Corrections by hand: one of staff asks, another approves; what comes of it is a ledger transaction."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from domains.payments.actions import adjustments
from domains.payments.admin.looking import to_transaction
from domains.payments.models import Adjustment
from domains.payments.rules.adjustments import ADJUSTMENT, check_lines, parse_lines
from domains.payments.rules.meanings import MEANINGS
from kelmah.errors import DomainError
from kelmah.http.staff import Guarded
from kelmah.money import Money
from kelmah.staff.deciding import AddedByAction, WithReason, attempt, said


class AdjustmentForm(ModelForm):
    """Lines of their own, or the number of a transaction to take back."""

    wanted = forms.CharField(
        label="Lines",
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text="One per line: account, signed amount, currency, as in: suspense:sandbox:GHS -12.50 GHS. They sum to"
        " zero per currency. Somebody else than you approves them; then they are one transaction, with your reason.",
    )
    undo = forms.IntegerField(
        label="Or take back transaction", required=False, min_value=1, widget=UnfoldAdminTextInputWidget
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if bool(cleaned.get("wanted")) == bool(cleaned.get("undo")):
            raise forms.ValidationError("Write lines, or the number of the transaction to take back.")
        try:
            cleaned["parsed"] = parse_lines(cleaned.get("wanted") or "")
            if cleaned["parsed"]:
                check_lines(cleaned["parsed"])
        except DomainError as refusal:
            raise forms.ValidationError(said(refusal)) from None
        return cleaned


@admin.register(Adjustment)
class AdjustmentAdmin(Guarded, AddedByAction):
    sees = "payments.view_money"
    does = {
        "approve": "payments.approve_adjustment",
        "decline": "payments.approve_adjustment",
        "take_back": "payments.ask_adjustment",
    }
    list_display = ("asked_at", "reason", "what", "state", "asked_by", "decided_by", "note", to_transaction("txn_id"))
    list_filter = ("state",)
    search_fields = ("id", "reason", "asked_by", "decided_by")
    ordering = ("-asked_at", "-id")
    form = AdjustmentForm
    fields = ("wanted", "undo", "reason")
    action_form = WithReason
    actions = ("approve", "decline", "take_back")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("payments.ask_adjustment"))

    def get_fields(self, request: HttpRequest, obj: Adjustment | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("wanted", "undo", "reason")
        return (
            *("what", "reason", "state", "that_means", "asked_by", "asked_at"),
            *("decided_by", "decided_at", "note", to_transaction("txn_id")),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Adjustment | None = None) -> tuple[str, ...]:
        return () if obj is None else self.get_fields(request, obj)

    @admin.display(description="what is posted")
    def what(self, adjustment: Adjustment) -> str:
        if adjustment.reverses_id is not None:
            return f"the opposite of transaction {adjustment.reverses_id}"
        lines = ((line["account"], Money(line["amount"], line["currency"])) for line in adjustment.lines)
        return "; ".join(f"{account} {amount}" for account, amount in lines)

    @admin.display(description="that means")
    def that_means(self, adjustment: Adjustment) -> str:
        return MEANINGS[ADJUSTMENT.subject][adjustment.state]

    def save_model(self, request: HttpRequest, obj: Adjustment, form: ModelForm, change: bool) -> None:
        by_id, told = cast(UUID, request.user.pk), form.cleaned_data
        if told["undo"]:
            asked = adjustments.ask_reversal(txn=told["undo"], by_id=by_id, reason=obj.reason)
        else:
            asked = adjustments.ask(lines=told["parsed"], by_id=by_id, reason=obj.reason)
        obj.__dict__.update(asked.__dict__)

    @admin.action(description="Approve: post it")
    def approve(self, request: HttpRequest, queryset: QuerySet[Adjustment]) -> None:
        by_id, note = cast(UUID, request.user.pk), request.POST.get("reason", "")
        for asked in queryset:
            attempt(request, asked, lambda a=asked: adjustments.approve(adjustment_id=a.id, by_id=by_id, note=note))

    @admin.action(description="Decline, with the reason given")
    def decline(self, request: HttpRequest, queryset: QuerySet[Adjustment]) -> None:
        by_id, note = cast(UUID, request.user.pk), request.POST.get("reason", "")
        for asked in queryset:
            attempt(request, asked, lambda a=asked: adjustments.decline(adjustment_id=a.id, by_id=by_id, note=note))

    @admin.action(description="Take back what you asked for")
    def take_back(self, request: HttpRequest, queryset: QuerySet[Adjustment]) -> None:
        by_id = cast(UUID, request.user.pk)
        for asked in queryset:
            attempt(request, asked, lambda a=asked: adjustments.take_back(adjustment_id=a.id, by_id=by_id))
