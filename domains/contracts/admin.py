"""Staff's desk for contracts: everything can be read, nothing edited; states change through actions of their own."""

from collections.abc import Callable
from functools import partial

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminTextInputWidget

from domains.contracts.actions import disputes
from domains.contracts.models import (
    Contract,
    Deadline,
    Deliverable,
    Dispute,
    Inbox,
    Milestone,
    Outbox,
    PartPayment,
    SettledWeek,
    Signature,
    Submission,
)
from kelmah.events.admin import InboxAdmin, OutboxAdmin
from kelmah.http.staff import ReadOnly
from kelmah.money import Money
from kelmah.staff.deciding import WithReason, attempt

admin.site.register(Inbox, InboxAdmin)
admin.site.register(Outbox, OutboxAdmin)


class SignatureInline(ReadOnly, TabularInline):
    model = Signature
    fields = ("role", "legal_name", "user_id", "signed_at", "address", "mfa_level", "hash")


class MilestoneInline(ReadOnly, TabularInline):
    model = Milestone
    ordering = ("position",)
    fields = ("position", "title", "amount", "state", "funded_at", "submitted_at", "approved_at", "released_at")
    readonly_fields = fields
    show_change_link = True


class SettledWeekInline(ReadOnly, TabularInline):
    model = SettledWeek
    ordering = ("monday",)


@admin.register(Contract)
class ContractAdmin(ReadOnly, ModelAdmin):
    sees = "contracts.view_contracts"
    list_display = ("title", "state", "kind", "amount", "hirer_id", "worker_id", "created_at")
    list_filter = ("state", "kind", "category")
    search_fields = ("id", "title", "hirer_id", "worker_id", "job_id")
    ordering = ("-created_at",)
    inlines = (SignatureInline, MilestoneInline, SettledWeekInline)


class PartPaymentInline(ReadOnly, TabularInline):
    model = PartPayment
    ordering = ("number",)


class DeliverableInline(ReadOnly, TabularInline):
    model = Deliverable


@admin.register(Milestone)
class MilestoneAdmin(ReadOnly, ModelAdmin):
    sees = "contracts.view_contracts"
    list_display = ("title", "contract", "position", "amount", "state", "submitted_at", "released_at")
    list_select_related = ("contract",)
    list_filter = ("state",)
    search_fields = ("id", "title", "contract__title")
    inlines = (PartPaymentInline,)


class WithAwardAndReason(WithReason):
    """A line to say how much, too."""

    part = forms.CharField(
        label="",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Part, in minor units", "inputmode": "numeric"}),
    )


@admin.register(Dispute)
class DisputeAdmin(ReadOnly, ModelAdmin):
    sees = "contracts.view_contracts"
    does = dict.fromkeys(("award", "give_back", "divide"), "contracts.decide_dispute")
    action_form = WithAwardAndReason
    list_display = ("milestone", "state", "reason", "to_worker", "ruling", "decided_by", "opened_at", "ended_at")
    list_select_related = ("milestone",)
    list_filter = ("state",)
    search_fields = ("id", "milestone__id", "milestone__contract__id")
    ordering = ("-opened_at",)
    actions = ("award", "give_back", "divide")

    @admin.action(description="Decide: all that is held goes to the worker, with the reason given")
    def award(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> None:
        self._decide(request, queryset, lambda milestone: milestone.amount_minor - milestone.paid_minor)

    @admin.action(description="Decide: all that is held goes back to the hirer, with the reason given")
    def give_back(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> None:
        self._decide(request, queryset, lambda milestone: 0)

    @admin.action(description="Decide: the part given goes to the worker, the rest back, with the reason given")
    def divide(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> None:
        part = request.POST.get("part", "")
        if not part.isdecimal():
            messages.error(request, "Say how much the worker gets, in minor units.")
            return
        self._decide(request, queryset, lambda milestone: int(part))

    def _decide(self, request: HttpRequest, queryset: QuerySet[Dispute], minor: Callable[[Milestone], int]) -> None:
        by, reason = request.user.pk, request.POST.get("reason", "")
        for each in queryset.select_related("milestone"):
            to_worker = Money(minor(each.milestone), each.milestone.currency)
            attempt(
                request,
                each,
                partial(disputes.decide_dispute, dispute_id=each.id, to_worker=to_worker, by=by, reason=reason),
            )


@admin.register(Submission)
class SubmissionAdmin(ReadOnly, ModelAdmin):
    sees = "contracts.view_contracts"
    list_display = ("milestone", "number", "submitted_at", "changes_requested_at")
    list_select_related = ("milestone",)
    inlines = (DeliverableInline,)


@admin.register(Deadline)
class DeadlineAdmin(ReadOnly, ModelAdmin):
    sees = "contracts.view_events"
    list_display = ("kind", "subject_id", "due_at", "done_at", "attempts", "last_error")
    list_filter = ("kind",)
