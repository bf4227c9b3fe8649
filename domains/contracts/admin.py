"""Staff's desk for contracts: everything can be read, nothing edited; states change through actions of their own."""

from django.contrib import admin
from unfold.admin import ModelAdmin, TabularInline

from domains.contracts.models import (
    Contract,
    Deadline,
    Deliverable,
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
