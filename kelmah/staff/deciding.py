"""What pages share on which staff decide: a line for the reason, and refusals as messages."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from kelmah.errors import DomainError


class WithReason(ActionForm):
    """The actions of a list, and a line to say why."""

    reason = forms.CharField(
        label="", required=False, widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Reason"})
    )


class AddedByAction(ModelAdmin):
    """A page whose rows an action makes: never edited, never deleted; a refusal is told above the form."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        try:
            return super().add_view(request, form_url, extra_context)
        except DomainError as refusal:
            messages.error(request, said(refusal))
            request.method = "GET"  # the empty form again
            return super().add_view(request, form_url, extra_context)


def attempt(request: HttpRequest, thing: Any, act: Callable[[], object]) -> None:
    """Do it, and tell the colleague how it went."""
    try:
        act()
    except DomainError as refusal:
        messages.error(request, f"{thing}: {said(refusal)}")
    else:
        messages.success(request, f"{thing}: done")


def said(refusal: DomainError) -> str:
    """The refusal in words, field by field."""
    return "; ".join(error.detail for error in refusal.errors) or refusal.detail
