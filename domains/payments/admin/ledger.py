"""The books: looked at, never edited."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin, TabularInline

from domains.payments import actions
from domains.payments.admin.accounts import day_asked, start_of
from domains.payments.admin.looking import Looking, in_money
from domains.payments.models import BooksCheck, LedgerEntry, LedgerTransaction, Position
from domains.payments.queries import books_newest, desk, tracing
from domains.payments.queries.exports import beancount, journal_csv
from kelmah import clock
from kelmah.http.staff import ReadOnly
from kelmah.money import Money


@admin.register(Position)
class PositionAdmin(ReadOnly, ModelAdmin):
    """What waits, what is unknown, what is red; money by day; and where all of it is: each currency sums to zero."""

    sees = "payments.view_money"
    list_display = ("currency", "kind", "sum", "accounts")
    list_filter = ("currency", "kind")
    ordering = ("currency", "kind")
    list_before_template = "desk/finance.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        newest = books_newest()
        more = {
            "red": newest.broken if newest else [],
            "looked_at": newest.at if newest else None,
            "waiting": desk.waiting(),
            "unexplained": desk.unexplained(),
            "charts": desk.charts(now=clock.now()),
        }
        return super().changelist_view(request, {**(extra_context or {}), **more})

    @admin.display(description="balance")
    def sum(self, position: Position) -> str:
        return str(Money(position.balance, position.currency))


@admin.register(BooksCheck)
class BooksCheckAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_money"
    does = {"check_now": "payments.check_books"}
    list_display = ("at", "in_order", "broken")
    ordering = ("-at",)
    actions = ("check_now",)
    list_before_template = "desk/books_before.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may = "check_now" in self.get_actions(request)
        return super().changelist_view(request, {**(extra_context or {}), "may_look": may})

    @admin.display(boolean=True)
    def in_order(self, check: BooksCheck) -> bool:
        return not check.broken

    @admin.action(description="Look at the books now")
    def check_now(self, request: HttpRequest, queryset: QuerySet[BooksCheck]) -> None:
        if broken := actions.check_books():
            messages.error(request, f"{broken} invariants are broken: payouts are frozen.")
        else:
            messages.success(request, "The books are in order.")


class EntryInline(ReadOnly, TabularInline):
    model = LedgerEntry
    fields = readonly_fields = ("account", in_money("amount"), in_money("balance_after"), "account_version")
    ordering = ("seq",)


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(Looking):
    search_help_text = "Id, or how a key begins"
    list_display = ("idem", "kind", "event_at", "n", "reverses")
    list_filter = ("kind",)
    search_fields = ("idem",)
    ordering = ("-id",)
    change_form_before_template = None
    inlines = (EntryInline,)
    list_before_template = "desk/journal_before.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("csv/", view(self.as_csv), name="payments_journal_csv"),
            path("beancount/", view(self.as_beancount), name="payments_journal_beancount"),
        ]
        return [*own, *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LedgerTransaction], search_term: str
    ) -> tuple[QuerySet[LedgerTransaction], bool]:
        """By the beginning of keys, which their index answers: the ledger is never looked through."""
        return queryset.filter(tracing.key_begins(search_term.strip())), False

    def as_csv(self, request: HttpRequest) -> StreamingHttpResponse:
        """Every entry of some days, by default this month's."""
        today = clock.now().date()
        since, until = day_asked(request, "since") or today.replace(day=1), day_asked(request, "until") or today
        lines = journal_csv(since=start_of(since), until=start_of(until + timedelta(days=1)))
        return self._file(request, lines, f"journal-{since}-{until}.csv", "text/csv; charset=utf-8")

    def as_beancount(self, request: HttpRequest) -> StreamingHttpResponse:
        """The whole books, for ``bean-check`` and ``bean-query``."""
        return self._file(request, beancount(), "books.beancount", "text/plain; charset=utf-8")

    def _file(self, request: HttpRequest, lines: Iterator[str], name: str, kind: str) -> StreamingHttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        response = StreamingHttpResponse(lines, content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
