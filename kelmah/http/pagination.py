"""Lists by keyset: pages that stay right while rows come and go, and cost the same at any depth."""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kelmah.http.cursors import read_cursor, read_limit, write_cursor
from kelmah.http.errors import CursorInvalid

COUNTED_UP_TO = 1_000


def keyset_page(
    request: Request,
    queryset: QuerySet[Any],
    *,
    order: Sequence[str],
    render: Callable[[Any], Any],
    scope: str,
    with_total: bool = False,
) -> Response:
    """One page of ``queryset``, each row through ``render``.

    ``order`` may mix directions (``("-created_at", "id")``), names columns that are never NULL (annotations included)
    and ends with the primary key or a unique column, so that no two rows tie. ``scope`` names the list; put the filters
    into it if a cursor must not outlive them. Raises CursorInvalid, InvalidInput.
    """
    _check_order(queryset, order)
    limit = read_limit(request)
    bound = f"{scope}:{','.join(order)}"
    after = read_cursor(request, bound)
    rows = queryset.order_by(*order)
    if after is not None:
        if len(after) != len(order):
            raise CursorInvalid
        rows = rows.filter(_beyond(order, after))
    found = list(rows[: limit + 1])  # one more tells whether there is a next page
    page = found[:limit]
    cursor = write_cursor(request, bound, _keys(page[-1], order)) if len(found) > limit else None
    return page_response(
        request, [render(row) for row in page], next_cursor=cursor, total=counted(queryset) if with_total else None
    )


def page_response(
    request: Request, items: Any, *, next_cursor: str | None, total: dict[str, Any] | None = None
) -> Response:
    """The answer of a list; for lists built by SQL ``items`` may be an ``orjson.Fragment`` holding a JSON array."""
    body = {"items": items, "next": next_cursor}
    response = Response(body if total is None else body | {"total": total})
    if next_cursor:
        query = request.query_params.copy()
        query["cursor"] = next_cursor
        address = f"{request.path}?{urlencode(list(_pairs(query)))}"
        response.headers["Link"] = f'<{address}>; rel="next"'
    return response


def counted(queryset: QuerySet[Any]) -> dict[str, Any]:
    """``{"value": n, "relation": "eq"}``, or 1,000 and ``gte`` for more: nobody waits for the count of a million."""
    value = queryset.order_by()[: COUNTED_UP_TO + 1].count()
    return {"value": min(value, COUNTED_UP_TO), "relation": "eq" if value <= COUNTED_UP_TO else "gte"}


def _pairs(query: Any) -> Any:
    return ((name, value) for name, values in query.lists() for value in values)


def _check_order(queryset: QuerySet[Any], order: Sequence[str]) -> None:
    last = order[-1].lstrip("-")
    if last == "pk":
        return
    names = {field.name: field for field in queryset.model._meta.concrete_fields}
    if last not in names or not names[last].unique:
        raise ValueError(f"the last order key, {last!r}, must be unique in {queryset.model.__name__}: add 'id'")


def _keys(row: Any, order: Sequence[str]) -> list[Any]:
    return [_value(row, key.lstrip("-")) for key in order]


def _value(row: Any, path: str) -> Any:
    if isinstance(row, dict):
        return row[path]
    return reduce(getattr, path.split("__"), row)


def _beyond(order: Sequence[str], after: Sequence[Any]) -> Q:
    """Rows after the key: equal on the first keys and beyond on the next, for each prefix.

    The first key is bounded on its own as well, which is what lets PostgreSQL begin reading the index at the cursor.
    """
    first = order[0]
    bound = Q(**{f"{first.lstrip('-')}__{'lte' if first.startswith('-') else 'gte'}": after[0]})
    steps = []
    for depth, key in enumerate(order):
        equal = {order[i].lstrip("-"): after[i] for i in range(depth)}
        direction = "lt" if key.startswith("-") else "gt"
        steps.append(Q(**equal, **{f"{key.lstrip('-')}__{direction}": after[depth]}))
    return bound & reduce(or_, steps)
