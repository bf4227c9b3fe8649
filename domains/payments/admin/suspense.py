"""Money that nobody can explain: one of the staff says whose it is, another carries it out."""

from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from domains.payments.actions import suspense
from domains.payments.admin.deciding import Deciding
from domains.payments.models import Suspended, SuspenseRuling
from kelmah.staff.deciding import WithReason


class WithReasonAndOwner(WithReason):
    """A line to say whose it is, too."""

    user_id = forms.CharField(
        label="", required=False, widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Whose: the user's id"})
    )


@admin.register(Suspended)
class SuspendedAdmin(Deciding):
    does = {"credit": "payments.settle_difference", "write_off": "payments.settle_difference"}
    action_form = WithReasonAndOwner
    list_display = ("subject", "gateway", "amount", "legs", "since")
    list_filter = ("gateway", "currency")
    search_fields = ("subject",)
    ordering = ("since",)
    actions = ("credit", "write_off")

    @admin.action(description="Propose: it is this user's, with the reason given")
    def credit(self, request: HttpRequest, queryset: QuerySet[Suspended]) -> None:
        try:
            owner = UUID(request.POST.get("user_id", ""))
        except ValueError:
            messages.error(request, "Say whose it is: the id of a user.")
            return
        self._decide(request, queryset, lambda item, why: suspense.propose(item=item.id, credit_to=owner, ruling=why))

    @admin.action(description="Propose: the platform bears it or keeps it, with the reason given")
    def write_off(self, request: HttpRequest, queryset: QuerySet[Suspended]) -> None:
        self._decide(request, queryset, lambda item, why: suspense.propose(item=item.id, credit_to=None, ruling=why))


@admin.register(SuspenseRuling)
class SuspenseRulingAdmin(Deciding):
    does = {"carry_out": "payments.settle_difference", "withdraw": "payments.settle_difference"}
    list_display = ("item", "amount", "credit_to", "reason", "state", "proposed_by", "proposed_at", "decided_by")
    list_filter = ("state", "currency")
    search_fields = ("item", "credit_to", "reason")
    ordering = ("-proposed_at",)
    actions = ("carry_out", "withdraw")

    @admin.action(description="Carry out what somebody else proposed, with the reason given")
    def carry_out(self, request: HttpRequest, queryset: QuerySet[SuspenseRuling]) -> None:
        self._decide(request, queryset, lambda p, why: suspense.carry_out(proposal_id=p.id, ruling=why))

    @admin.action(description="Withdraw, with the reason given")
    def withdraw(self, request: HttpRequest, queryset: QuerySet[SuspenseRuling]) -> None:
        self._decide(request, queryset, lambda p, why: suspense.withdraw(proposal_id=p.id, ruling=why))
