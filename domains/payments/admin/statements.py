"""Statements of banks and gateways: brought here as files, compared with the books, and where they differ."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from domains.payments.actions import differences, reconciliation, statements
from domains.payments.admin.deciding import Deciding
from domains.payments.admin.looking import Looking, to_transaction
from domains.payments.gateways import names_offered
from domains.payments.models import Difference, Statement, StatementEntry
from domains.payments.queries.reconciliation import report
from kelmah.http.staff import Guarded
from kelmah.money import Money
from kelmah.staff.deciding import AddedByAction


class StatementForm(forms.ModelForm):
    """A file of the bank's, as it came."""

    gateway = forms.ChoiceField(
        choices=lambda: [(name, name) for name in names_offered()], widget=UnfoldAdminSelectWidget()
    )
    file = forms.FileField(help_text="camt.053 or CSV", widget=UnfoldAdminFileFieldWidget())

    class Meta:
        model = Statement
        fields: tuple[str, ...] = ()


@admin.register(Statement)
class StatementAdmin(Guarded, AddedByAction):
    """The report stands above the list: each account, what its statements say, and what the books say."""

    sees = "payments.view_money"
    does = {"reconcile": "payments.import_statement"}
    list_display = (
        "gateway",
        "name",
        "account",
        "first_day",
        "last_day",
        "lines",
        "repeated",
        "closing",
        "imported_at",
    )
    list_filter = ("gateway", "currency", "source")
    ordering = ("-last_day", "-imported_at")
    list_before_template = "desk/reconciliation.html"
    form = StatementForm
    fields = ("gateway", "file")
    actions = ("reconcile",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("payments.import_statement"))

    def get_fields(self, request: HttpRequest, obj: Statement | None = None) -> Any:
        return self.fields if obj is None else [field.name for field in Statement._meta.fields]

    @admin.display(description="closing balance")
    def closing(self, statement: Statement) -> str:
        known = statement.closing_minor
        return "–" if known is None else str(Money(known, statement.currency))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {**(extra_context or {}), "accounts": report()})

    def save_model(self, request: HttpRequest, obj: Statement, form: ModelForm, change: bool) -> None:
        file = form.cleaned_data["file"]
        kept = statements.import_file(
            gateway=form.cleaned_data["gateway"],
            content=file.read(),
            name=str(file.name),
            by=cast(UUID, request.user.pk),
        )
        obj.__dict__.update(kept[0].__dict__)

    def response_add(self, request: HttpRequest, obj: Statement, post_url_continue: str | None = None) -> HttpResponse:
        told = f"{obj.lines} lines, {obj.repeated} of them known before. They are compared with the books now."
        messages.success(request, f"{obj}: {told}")
        return HttpResponseRedirect("..")

    @admin.action(description="Compare with the books once more")
    def reconcile(self, request: HttpRequest, queryset: QuerySet[Statement]) -> None:
        for gateway in sorted(set(queryset.values_list("gateway", flat=True))):
            judged = reconciliation.reconcile(gateway=gateway)
            messages.success(request, f"{gateway}: {judged} open lines were looked at.")


@admin.register(StatementEntry)
class StatementEntryAdmin(Looking):
    list_display = (
        "line_id",
        "gateway",
        "kind",
        "amount",
        "occurred_at",
        "verdict",
        "ref",
        to_transaction("transaction_id"),
    )
    list_filter = ("verdict", "gateway", "kind", "currency")
    search_fields = ("line_id", "ref", "key")
    ordering = ("-id",)


@admin.register(Difference)
class DifferenceAdmin(Deciding):
    """While a red one is open, no payout leaves."""

    does = {"accept": "payments.settle_difference", "book": "payments.settle_difference"}
    list_display = ("found_at", "gateway", "kind", "red", "booked", "stated", "subject", "closed_at", "outcome")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "red", "kind", "gateway")
    list_select_related = ("entry",)
    search_fields = ("subject", "entry__line_id", "entry__ref")
    ordering = ("-found_at", "-id")
    actions = ("accept", "book")

    @admin.display(description="in the books")
    def booked(self, difference: Difference) -> str:
        return _told(difference.booked_minor, difference.currency)

    @admin.display(description="in the statement")
    def stated(self, difference: Difference) -> str:
        return _told(difference.stated_minor, difference.currency)

    @admin.action(description="Take note and leave the books as they are, with the reason given")
    def accept(self, request: HttpRequest, queryset: QuerySet[Difference]) -> None:
        self._decide(request, queryset, lambda d, why: differences.accept(difference_id=d.id, ruling=why))

    @admin.action(description="Book what the statement says, against suspense, with the reason given")
    def book(self, request: HttpRequest, queryset: QuerySet[Difference]) -> None:
        self._decide(request, queryset, lambda d, why: differences.book(difference_id=d.id, ruling=why))


# Private functions


def _told(minor: int | None, currency: str) -> str:
    return "–" if minor is None else str(Money(minor, currency))
