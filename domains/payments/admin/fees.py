"""What the platform takes: one of the staff proposes, another decides."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from domains.payments.actions import fee_plans
from domains.payments.actions.decisions import Ruling
from domains.payments.models import FeePlan
from kelmah.http.staff import Guarded
from kelmah.staff.deciding import AddedByAction, WithReason, attempt


class FeePlanForm(ModelForm):
    """A next version; its number is given when it is kept."""

    name = forms.RegexField(r"^[a-z][a-z_]{1,30}$", widget=UnfoldAdminTextInputWidget)
    reason = forms.CharField(widget=UnfoldAdminTextInputWidget)


@admin.register(FeePlan)
class FeePlanAdmin(Guarded, AddedByAction, ModelAdmin):
    sees = "payments.view_money"
    does = {"approve": "payments.set_fees", "decline": "payments.set_fees"}
    list_display = ("name", "version", "basis_points", "review_hours", "pending_hours", "state", "reason",
                    "proposed_by", "decided_by", "decided_at")  # fmt: skip
    list_filter = ("state", "name")
    ordering = ("name", "-version")
    form = FeePlanForm
    fields = ("name", "basis_points", "review_hours", "pending_hours", "reason")
    action_form = WithReason
    actions = ("approve", "decline")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("payments.set_fees"))

    def save_model(self, request: HttpRequest, obj: FeePlan, form: ModelForm, change: bool) -> None:
        terms = fee_plans.Terms(
            name=obj.name,
            basis_points=obj.basis_points,
            review_hours=obj.review_hours,
            pending_hours=obj.pending_hours,
        )
        plan = fee_plans.propose(terms, ruling=Ruling(by=cast(UUID, request.user.pk), reason=obj.reason))
        obj.__dict__.update(plan.__dict__)

    @admin.action(description="Put in force what a colleague proposed, with the reason given")
    def approve(self, request: HttpRequest, queryset: QuerySet[FeePlan]) -> None:
        self._each(request, queryset, fee_plans.approve)

    @admin.action(description="Decline, with the reason given")
    def decline(self, request: HttpRequest, queryset: QuerySet[FeePlan]) -> None:
        self._each(request, queryset, fee_plans.decline)

    def _each(self, request: HttpRequest, queryset: QuerySet[FeePlan], decide: Any) -> None:
        ruling = Ruling(by=cast(UUID, request.user.pk), reason=request.POST.get("reason", ""))
        for plan in queryset:
            attempt(request, plan, lambda plan=plan: decide(plan_pk=plan.pk, ruling=ruling))
