"""Lists of money on which staff decide, and what they decided."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from domains.payments import actions
from domains.payments.admin.looking import Looking
from domains.payments.models import Decision
from kelmah.staff.deciding import WithReason, attempt


class WithReasonAndPart(WithReason):
    """The actions of a list, a line to say why, and how much."""

    part = forms.CharField(
        label="",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Part, as in 12.50", "inputmode": "decimal"}),
    )


class Deciding(Looking):
    """Lists on which staff decide, with a reason that is kept."""

    action_form = WithReason

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Any], act: Callable[[Any, actions.Ruling], None]
    ) -> None:
        ruling = actions.Ruling(by=request.user.pk, reason=request.POST.get("reason", ""))
        for thing in queryset:
            attempt(request, thing, lambda thing=thing: act(thing, ruling))


@admin.register(Decision)
class DecisionAdmin(Looking):
    list_display = ("at", "kind", "subject_id", "by", "reason")
    list_filter = ("kind",)
    search_fields = ("subject_id", "by", "reason")
    ordering = ("-at",)
