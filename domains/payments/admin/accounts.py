"""The chart of accounts at the desk: what each kind holds, then and now, and the statement of one account."""

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from domains.payments.admin.looking import Looking, in_money
from domains.payments.models import LedgerAccount
from domains.payments.queries.balances import AccountBalance, account_statement, trial_balance
from domains.payments.rules.chart import CHART, OTHER, AccountKind
from kelmah import clock
from kelmah.money import Money


@dataclass(frozen=True)
class ChartLine:
    """All accounts of a kind in one currency."""

    kind: AccountKind
    accounts: int
    debit: Money
    credit: Money


@admin.register(LedgerAccount)
class LedgerAccountAdmin(Looking):
    list_display = ("key", in_money("balance"), in_money("floor", "never below"), "version", "closed")
    fields = ("key", in_money("balance"), in_money("floor", "never below"), "version", "closed")
    list_filter = ("currency", "closed")
    search_fields = ("key",)
    ordering = ("key",)
    list_before_template = "desk/accounts_before.html"
    change_form_before_template = "desk/account_before.html"

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("chart/", self.admin_site.admin_view(self.chart), name="payments_chart_of_accounts"),
            path("<int:account>/statement/", self.admin_site.admin_view(self.statement), name="payments_statement"),
        ]
        return [*own, *super().get_urls()]

    def chart(self, request: HttpRequest) -> HttpResponse:
        """Debit and credit of every kind, now or at the end of a day."""
        self._let_in(request)
        day = day_asked(request, "at")
        rows = trial_balance(at=start_of(day + timedelta(days=1)) if day else None)
        lines = chart_lines(rows)
        totals = {line.debit.currency: [Money(0, line.debit.currency)] * 2 for line in lines}
        for line in lines:
            debit, credit = totals[line.debit.currency]
            totals[line.debit.currency] = [debit + line.debit, credit + line.credit]
        more = {"title": "Chart of accounts", "day": day, "lines": lines, "totals": totals.values()}
        return TemplateResponse(request, "desk/chart_of_accounts.html", self.admin_site.each_context(request) | more)

    def statement(self, request: HttpRequest, account: int) -> HttpResponse:
        """What happened on one account in some days, by default this month's; as a page or as CSV."""
        self._let_in(request)
        key = LedgerAccount.objects.filter(id=account).values_list("key", flat=True).first()
        today = clock.now().date()
        since, until = day_asked(request, "since") or today.replace(day=1), day_asked(request, "until") or today
        found = key and account_statement(account=key, since=start_of(since), until=start_of(until + timedelta(days=1)))
        if not found:
            raise Http404
        if request.GET.get("as") == "csv":
            response = HttpResponse(content_type="text/csv; charset=utf-8")
            response["Content-Disposition"] = f'attachment; filename="statement-{account}-{since}-{until}.csv"'
            writer = csv.writer(response)
            writer.writerow(("at", "key", "kind", "amount", "balance"))
            writer.writerows(
                [line.at.isoformat(), line.key, line.kind, line.amount, line.balance] for line in found.lines
            )
            return response
        more = {"title": key, "statement": found, "since": since, "until": until}
        return TemplateResponse(request, "desk/account_statement.html", self.admin_site.each_context(request) | more)

    def _let_in(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def chart_lines(rows: list[AccountBalance]) -> list[ChartLine]:
    """A line per kind and currency, in the chart's order."""
    accounts: Counter[tuple[AccountKind, str]] = Counter()
    debits: Counter[tuple[AccountKind, str]] = Counter()
    credits: Counter[tuple[AccountKind, str]] = Counter()
    for row in rows:
        place = (row.kind, row.balance.currency)
        accounts[place] += 1
        debits[place] += row.debit.minor
        credits[place] += row.credit.minor
    order = {kind: number for number, kind in enumerate((*CHART, OTHER))}
    return [
        ChartLine(kind, count, Money(debits[kind, currency], currency), Money(credits[kind, currency], currency))
        for (kind, currency), count in sorted(accounts.items(), key=lambda item: (item[0][1], order[item[0][0]]))
    ]


def day_asked(request: HttpRequest, name: str) -> date | None:
    """A day of the address, if it names one that another day follows."""
    try:
        day = date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return None
    return day if day < date.max else None


def start_of(day: date) -> datetime:
    """Midnight, in UTC."""
    return datetime.combine(day, time(), UTC)
