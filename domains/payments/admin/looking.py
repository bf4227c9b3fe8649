"""What lists of money share: amounts with their currency, searches that an index answers, and the way to the books."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet, UUIDField
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from domains.payments.gateways import GATEWAYS
from domains.payments.queries import tracing
from domains.payments.rules.meanings import MEANINGS
from kelmah.http.staff import ReadOnly
from kelmah.money import EXPONENTS, Money
from kelmah.transitions import StateTable

MOST_COUNTED: Final = 10_000
_AMOUNT: Final = re.compile(r"(\d{1,15})(?:\.(\d{1,3}))?\s*([A-Za-z]{3})?")


class Bounded(Paginator):
    """Counts no further than anybody pages: a list of millions opens as quickly as a short one."""

    @cached_property
    def count(self) -> int:
        found: int = self.object_list.order_by()[:MOST_COUNTED].count()  # type: ignore[union-attr]  # a queryset
        return found


class Looking(ReadOnly, ModelAdmin):
    """``books``: how the keys of its transactions in the ledger begin; ``table``: what its states are."""

    sees = "payments.view_money"
    books = ""
    table: StateTable | None = None
    paginator = Bounded
    show_full_result_count = False
    change_form_before_template = "desk/money_before.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [name for name in super().get_fields(request, obj) if not _is_said_by_another(name, self.model)]
        return tuple(in_money(name) if str(name).endswith("_minor") else name for name in names)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = self._around(self.get_object(request, object_id)) if self.has_view_permission(request) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An id, an amount or a gateway's reference, each exactly; other words as Django finds them."""
        term, fields = search_term.strip(), [str(name) for name in self.get_search_fields(request)]
        if not term:
            return queryset, False
        ids = [name for name in fields if isinstance(_field(self.model, name), UUIDField)]
        if (wanted := _uuid_in(term)) and ids:
            found = queryset.filter(_any_of(Q(**{name: wanted}) for name in ids))
            if found.exists():
                return found, False
        if (amounts := _amounts_in(term)) and _field(self.model, "amount_minor") and _field(self.model, "currency"):
            return queryset.filter(
                _any_of(Q(currency=each.currency, amount_minor=each.minor) for each in amounts)
            ), False
        like = _any_of(Q(**{f"{name}__icontains": term}) for name in fields if name not in ids)
        if "id" in ids and (subjects := tracing.subjects_of(term, gateways=GATEWAYS)):
            like |= Q(id__in=subjects)
        return (queryset.filter(like) if like else queryset.none()), False

    # Private methods

    def _around(self, thing: Any) -> dict[str, Any]:
        """What stands above a thing: what its state means, its lines in the books, its orders."""
        if thing is None:
            return {}
        meaning = MEANINGS[self.table.subject].get(thing.state, "") if self.table else ""
        orders = tracing.orders_of(thing.pk) if isinstance(thing.pk, UUID) and self.books else []
        booked = tracing.transactions_of(self.books.format(thing), orders=orders) if self.books else []
        return {"meaning": meaning, "in_books": bool(self.books), "booked": booked, "orders": orders}


@cache
def in_money(name: str, title: str = "") -> Callable[[Any], str]:
    """A column, or a line of a page, that shows whole minor units as money with its currency."""

    @admin.display(description=title or name.removesuffix("_minor").replace("_", " "))
    def shown(thing: Any) -> str:
        minor = getattr(thing, name)
        return "–" if minor is None else str(Money(minor, _currency_of(thing, name)))

    shown.__name__ = f"{name}_in_money"
    return shown


@cache
def to_transaction(name: str) -> Callable[[Any], str]:
    """A column, or a line of a page, that leads to the transaction of this number."""

    @admin.display(description="transaction")
    def shown(thing: Any) -> str:
        number = getattr(thing, name)
        if number is None:
            return "–"
        address = reverse("admin:payments_ledgertransaction_change", args=[number])
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500 underline" href="{}">{}</a>', address, number
        )

    shown.__name__ = f"{name}_as_link"
    return shown


# Private functions


def _currency_of(thing: Any, name: str) -> str:
    own = getattr(thing, f"{name.removesuffix('_minor')}_currency", None) or getattr(thing, "currency", None)
    return str(own or thing.escrow.currency)


def _is_said_by_another(name: object, model: Any) -> bool:
    """A currency is shown with its amount."""
    said = str(name).endswith("currency")
    return said and _field(model, f"{str(name).removesuffix('currency') or 'amount_'}minor") is not None


def _field(model: Any, path: str) -> Any:
    """The field of this name, or behind a relation: ``escrow__milestone_id``."""
    name, _, further = path.partition("__")
    field = next((field for field in model._meta.get_fields() if field.name == name), None)
    return _field(field.related_model, further) if field and further else field


def _any_of(wanted: Any) -> Q:
    found = Q()
    for each in wanted:
        found |= each
    return found


def _uuid_in(term: str) -> UUID | None:
    try:
        return UUID(term)
    except ValueError:
        return None


def _amounts_in(term: str) -> list[Money]:
    """What an amount may mean: in its currency, or in each that has so many digits."""
    found = _AMOUNT.fullmatch(term)
    if not found:
        return []
    whole, part, named = found[1], found[2] or "", (found[3] or "").upper()
    currencies = [named] if named in EXPONENTS else [] if named else list(EXPONENTS)
    return [
        Money(int(whole + part.ljust(EXPONENTS[currency], "0")), currency)
        for currency in currencies
        if len(part) <= EXPONENTS[currency]
    ]
