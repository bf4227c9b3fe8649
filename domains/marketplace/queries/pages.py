"""Lists as PostgreSQL builds them: one statement gives a page as a JSON array, the place where it ended, a total."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections

from domains.marketplace import rules
from kelmah.http.pagination import COUNTED_UP_TO
from kelmah.transitions import StateTable


@dataclass(frozen=True)
class Page:
    """``items`` is the text of a JSON array; ``last`` holds the order keys of its last row when more rows follow;
    ``counted`` stops one past ``COUNTED_UP_TO``."""

    items: str
    last: tuple[Any, ...] | None
    counted: int | None

    @property
    def total(self) -> dict[str, Any] | None:
        """As lists tell it, or None where nothing was counted."""
        if self.counted is None:
            return None
        relation = "eq" if self.counted <= COUNTED_UP_TO else "gte"
        return {"value": min(self.counted, COUNTED_UP_TO), "relation": relation}


def read_page(
    *,
    source: str,
    keys: Sequence[str],
    card: str,
    limit: int,
    params: Mapping[str, Any],
    ctes: str = "",
    total: str = "NULL",
) -> Page:
    """Run one statement. ``source`` is a FROM clause of at most ``limit + 1`` rows, whose ``keys`` order them, largest
    first; ``card`` builds the JSON of one row; ``ctes`` is a WITH clause; ``total`` a scalar. All are ours, never
    the caller's: what comes from outside is in ``params``."""
    order = ", ".join(f"{key} DESC" for key in keys)
    # The row beyond the limit only tells that there is a next page: FILTER keeps its JSON from being built.
    statement = f"""
        {ctes}
        SELECT coalesce(json_agg(card ORDER BY n) FILTER (WHERE n <= %(limit)s), '[]')::text, count(*), {total},
               {", ".join(f"(array_agg(key_{number} ORDER BY n))[%(limit)s]" for number in range(len(keys)))}
        FROM (SELECT row_number() OVER (ORDER BY {order}) AS n,
                     {", ".join(f"{key} AS key_{number}" for number, key in enumerate(keys))},
                     {card} AS card
              FROM {source}) AS numbered"""  # noqa: S608 - see the docstring
    with connections["marketplace"].cursor() as cursor:
        cursor.execute(statement, {**params, "limit": limit})
        items, found, counted, *last = cursor.fetchone()
    return Page(items=items, last=tuple(last) if found > limit else None, counted=counted)


def moment(column: str) -> str:
    """SQL of a time as the API writes it."""
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def money(minor: str, currency: str) -> str:
    """SQL of a ``Money`` as the API writes it."""
    return f"json_build_object('amount', {minor}, 'currency', {currency})"


def steps_of(table: StateTable, side: str) -> str:
    """What ``side`` may do in each state, as JSON text: a parameter for cards."""
    return json.dumps({state: table.available(state, side) for state in sorted(table.states)})


# The JSON of a job in a list. Needs the parameters ``viewer`` (a user id or NULL) and ``hirer_steps``; ``{distance}``
# is filled in by the search around a point.
JOB_CARD = f"""
    json_build_object(
        'id', job.id, 'hirer_id', job.hirer_id, 'title', job.title, 'excerpt', left(job.description, 240),
        'category', job.category_id, 'skills', job.skills, 'kind', job.kind, 'mode', job.mode,
        'budget', {money("job.budget_minor", "job.currency")},
        'place', CASE WHEN job.place_name IS NOT NULL THEN json_build_object(
            'name', job.place_name, 'latitude', job.latitude, 'longitude', job.longitude) END,
        'distance_km', {{distance}},
        'visibility', job.visibility, 'state', job.state, 'version', job.version,
        'published_at', {moment("job.published_at")}, 'expires_at', {moment("job.expires_at")},
        'available_transitions', CASE WHEN job.hirer_id = %(viewer)s THEN %(hirer_steps)s::json -> job.state
                                      ELSE '[]'::json END
    )"""


def viewer_params(viewer_id: UUID | None) -> dict[str, Any]:
    """What ``JOB_CARD`` needs to know about the reader."""
    return {"viewer": viewer_id, "hirer_steps": steps_of(rules.JOB, "hirer")}
