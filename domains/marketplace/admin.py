"""Staff's desk for marketplace: everything can be read, nothing edited; states change through actions of their own."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from domains.marketplace import actions
from domains.marketplace.models import Category, Deadline, Inbox, Job, Offer, Outbox, Proposal, Skill
from kelmah.errors import DomainError
from kelmah.events.admin import InboxAdmin, OutboxAdmin
from kelmah.http.staff import ReadOnly
from kelmah.staff.deciding import WithReason

admin.site.register(Inbox, InboxAdmin)
admin.site.register(Outbox, OutboxAdmin)


class ProposalInline(ReadOnly, TabularInline):
    model = Proposal
    ordering = ("-id",)
    fields = ("worker_id", "state", "amount", "delivery_days", "created_at", "ended_at")
    readonly_fields = fields
    show_change_link = True


class OfferInline(ReadOnly, TabularInline):
    model = Offer
    fk_name = "proposal"
    ordering = ("-id",)
    fields = ("state", "kind", "amount", "contract_id", "created_at", "expires_at", "ended_at")
    readonly_fields = fields
    show_change_link = True


@admin.register(Job)
class JobAdmin(ReadOnly, ModelAdmin):
    sees = "marketplace.view_market"
    does = {"remove": "marketplace.remove_job"}
    list_display = ("title", "state", "visibility", "category", "budget", "hirer_id", "published_at", "expires_at")
    list_filter = ("state", "visibility", "kind", "mode", "category")
    list_select_related = ("category",)
    search_fields = ("id", "hirer_id", "title")
    ordering = ("-id",)
    exclude = ("search",)
    inlines = (ProposalInline,)
    action_form = WithReason
    actions = ("remove",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        jobs: QuerySet[Job] = super().get_queryset(request)
        return jobs.defer("search")

    @admin.action(description="Remove from the market, with the reason given")
    def remove(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        for job in queryset:
            try:
                actions.remove_job(job_id=job.id, reason=request.POST.get("reason", ""))
            except DomainError as refusal:
                messages.error(request, f"{job.title}: {_said(refusal)}")
            else:
                messages.success(request, f"{job.title}: removed.")


@admin.register(Proposal)
class ProposalAdmin(ReadOnly, ModelAdmin):
    sees = "marketplace.view_market"
    list_display = ("job", "worker_id", "state", "amount", "created_at", "ended_at")
    list_filter = ("state",)
    list_select_related = ("job",)
    search_fields = ("id", "worker_id", "job__id", "job__title")
    ordering = ("-id",)
    inlines = (OfferInline,)


@admin.register(Offer)
class OfferAdmin(ReadOnly, ModelAdmin):
    sees = "marketplace.view_market"
    list_display = ("job", "state", "kind", "amount", "contract_id", "created_at", "expires_at", "ended_at")
    list_filter = ("state", "kind")
    list_select_related = ("job",)
    search_fields = ("id", "contract_id", "job__id", "proposal__worker_id")
    ordering = ("-id",)


@admin.register(Category)
class CategoryAdmin(ReadOnly, ModelAdmin):
    sees = "marketplace.view_taxonomy"
    does = {"retire": "marketplace.edit_taxonomy", "restore": "marketplace.edit_taxonomy"}
    list_display = ("name", "slug", "group", "position", "active")
    list_filter = ("group", "active")
    ordering = ("position",)
    actions = ("retire", "restore")

    @admin.action(description="Retire: nobody chooses it any more")
    def retire(self, request: HttpRequest, queryset: QuerySet[Category]) -> None:
        _tell(request, actions.set_categories_active(slugs=_keys(queryset), active=False))

    @admin.action(description="Bring back")
    def restore(self, request: HttpRequest, queryset: QuerySet[Category]) -> None:
        _tell(request, actions.set_categories_active(slugs=_keys(queryset), active=True))


@admin.register(Skill)
class SkillAdmin(ReadOnly, ModelAdmin):
    sees = "marketplace.view_taxonomy"
    does = {"retire": "marketplace.edit_taxonomy", "restore": "marketplace.edit_taxonomy"}
    list_display = ("name", "id", "category", "onet_code", "active")
    list_filter = ("category", "active")
    list_select_related = ("category",)
    search_fields = ("id", "name", "synonyms")
    ordering = ("name",)
    actions = ("retire", "restore")

    @admin.action(description="Retire: nobody chooses it any more")
    def retire(self, request: HttpRequest, queryset: QuerySet[Skill]) -> None:
        _tell(request, actions.set_skills_active(ids=_keys(queryset), active=False))

    @admin.action(description="Bring back")
    def restore(self, request: HttpRequest, queryset: QuerySet[Skill]) -> None:
        _tell(request, actions.set_skills_active(ids=_keys(queryset), active=True))


@admin.register(Deadline)
class DeadlineAdmin(ReadOnly, ModelAdmin):
    sees = "marketplace.view_events"
    list_display = ("kind", "subject_id", "due_at", "done_at", "attempts", "last_error")
    list_filter = ("kind",)
    search_fields = ("subject_id",)


# Private functions


def _keys(queryset: QuerySet[Any]) -> list[str]:
    return list(queryset.values_list("pk", flat=True))


def _tell(request: HttpRequest, changed: int) -> None:
    messages.success(request, f"{changed} changed.")


def _said(refusal: DomainError) -> str:
    return refusal.errors[0].detail if refusal.errors else refusal.detail
