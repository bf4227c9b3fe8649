"""The directory of workers at the desk: what it says of each, and what ranks them."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from domains.identity.actions.ranking import set_weights
from domains.identity.models import RankWeights, WorkerCard
from domains.identity.queries import cards
from domains.identity.rules.directory import TERMS, Weights
from kelmah.errors import DomainError
from kelmah.http.staff import ReadOnly

_NUMBERS = (*TERMS, "match", "jobs_full", "recency_days")


@admin.register(WorkerCard)
class WorkerCardAdmin(ReadOnly, ModelAdmin):
    sees = "identity.view_people"
    list_display = ("display_name", "headline", "place_name", "rank", "stars", "jobs", "verified_level", "active_at")
    list_filter = ("verified_level", "weights_version")
    search_fields = ("user__id__exact", "display_name", "headline")
    ordering = ("-rank", "-user")
    show_full_result_count = False
    fields = (
        "user", "display_name", "headline", "skills", "place_name", "rank", "rank_terms", "weights_version", "stars",
        "reviews", "jobs", "verified_level", "active_at", "paused_until",
    )  # fmt: skip


@admin.register(RankWeights)
class RankWeightsAdmin(ReadOnly, ModelAdmin):
    """Never edited: another version is added, with a reason."""

    sees = "identity.change_ranking"
    list_display = ("version", *_NUMBERS, "reason", "made_by", "made_at")
    list_select_related = ("made_by",)
    ordering = ("-version",)
    fields = (*_NUMBERS, "reason")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("identity.change_ranking"))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {name: getattr(cards.weights(), name) for name in _NUMBERS}

    def save_model(self, request: HttpRequest, obj: RankWeights, form: ModelForm, change: bool) -> None:
        weights = Weights(version=0, **{name: getattr(obj, name) for name in _NUMBERS})
        made = set_weights(by_id=cast(UUID, request.user.pk), weights=weights, reason=obj.reason)
        obj.__dict__.update(made.__dict__)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        try:
            return super().add_view(request, form_url, extra_context)
        except DomainError as refusal:
            messages.error(request, _said(refusal))
            request.method = "GET"  # the form again
            return super().add_view(request, form_url, extra_context)


def _said(refusal: DomainError) -> str:
    return " ".join(error.detail for error in refusal.errors) or refusal.detail
