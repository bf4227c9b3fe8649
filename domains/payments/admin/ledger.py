"""The books: looked at, never edited."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from domains.payments import actions
from domains.payments.models import BooksCheck, LedgerAccount, LedgerEntry, LedgerTransaction, Position
from kelmah.http.staff import ReadOnly
from kelmah.money import Money


@admin.register(Position)
class PositionAdmin(ReadOnly, ModelAdmin):
    """Where all the money is: each currency sums to zero."""

    sees = "payments.view_money"
    list_display = ("currency", "kind", "sum", "accounts")
    list_filter = ("currency", "kind")
    ordering = ("currency", "kind")

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

    @admin.display(boolean=True)
    def in_order(self, check: BooksCheck) -> bool:
        return not check.broken

    @admin.action(description="Look at the books now")
    def check_now(self, request: HttpRequest, queryset: QuerySet[BooksCheck]) -> None:
        if broken := actions.check_books():
            messages.error(request, f"{broken} invariants are broken: payouts are frozen.")
        else:
            messages.success(request, "The books are in order.")


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_money"
    list_display = ("key", "currency", "balance", "floor", "version", "closed")
    list_filter = ("currency", "closed")
    search_fields = ("key",)
    ordering = ("key",)


class EntryInline(ReadOnly, TabularInline):
    model = LedgerEntry
    fields = readonly_fields = ("account", "amount", "currency", "balance_after", "account_version")
    ordering = ("seq",)


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_money"
    list_display = ("idem", "kind", "event_at", "n", "reverses")
    list_filter = ("kind",)
    search_fields = ("idem",)
    ordering = ("-id",)
    inlines = (EntryInline,)
