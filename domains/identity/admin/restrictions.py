"""Restrictions at the desk: imposed with a reason and evidence, and appeals decided by somebody else."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from domains.identity.actions import restrictions
from domains.identity.models import Restriction
from domains.identity.rules.restrictions import CODES
from kelmah.http.staff import Guarded
from kelmah.rights.declared import declared
from kelmah.staff.deciding import AddedByAction, WithReason, attempt


class RestrictionForm(ModelForm):
    """What can be restricted is known once all domains are."""

    kind = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    code = forms.ChoiceField(widget=UnfoldAdminSelectWidget, choices=list(CODES.items()))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(each.name, each.title) for each in declared().restrictions.values()]
        if "kind" in self.fields:
            self.fields["kind"].choices = kinds  # type: ignore[attr-defined]


@admin.register(Restriction)
class RestrictionAdmin(Guarded, AddedByAction):
    """The person reads the evidence: no names of others in it."""

    sees = "identity.view_restrictions"
    does = {"uphold": "identity.decide_appeal", "lift": "identity.decide_appeal"}
    list_display = ("user", "kind", "code", "state", "until", "appealed_at", "imposed_by", "source", "decided_by")
    list_select_related = ("user", "imposed_by", "decided_by")
    list_filter = ("state", "kind", "code")
    search_fields = ("user__id__exact", "user__display_name", "user__email", "evidence")
    ordering = ("appealed_at", "-imposed_at", "-id")  # the oldest appeal first
    form = RestrictionForm
    raw_id_fields = ("user",)
    action_form = WithReason
    actions = ("uphold", "lift")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        new = ("user", "kind", "code", "evidence", "until")
        return new if obj is None else [field.name for field in Restriction._meta.fields]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("identity.restrict_user"))

    def save_model(self, request: HttpRequest, obj: Restriction, form: ModelForm, change: bool) -> None:
        imposed = restrictions.impose(
            user_id=obj.user_id,
            kind=obj.kind,
            code=obj.code,
            evidence=obj.evidence,
            until=obj.until,
            by_id=cast(UUID, request.user.pk),
        )
        obj.__dict__.update(imposed.__dict__)

    @admin.action(description="Refuse the appeal, with the reason given")
    def uphold(self, request: HttpRequest, queryset: QuerySet[Restriction]) -> None:
        self._decide(request, queryset, restrictions.uphold)

    @admin.action(description="Lift at once, with the reason given")
    def lift(self, request: HttpRequest, queryset: QuerySet[Restriction]) -> None:
        self._decide(request, queryset, restrictions.lift)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Restriction], act: Callable[..., Restriction]) -> None:
        by_id, note = cast(UUID, request.user.pk), request.POST.get("reason", "")
        for restriction in queryset:
            attempt(
                request, restriction,
                lambda r=restriction: act(restriction_id=r.id, by_id=by_id, note=note),
            )  # fmt: skip
