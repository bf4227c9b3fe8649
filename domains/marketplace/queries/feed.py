"""The jobs that everybody may find: newest first, or by relevance to a query.

Relevance in three steps, each bounded. Gate and fetch: the newest 2,000 listed jobs that pass the filters and hold any
of the words, title, skills or description (never all of them: an AND finds next to nothing). Score: text rank with
weights by place, title matches, freshness. Page: by score, as of the moment the first page was asked for.

Words reach PostgreSQL as literals inside ``to_tsquery('english', …)``, which the planner folds into a constant: so it
knows how common they are, and reads the GIN index for rare words and the newest-first index for common ones.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domains.marketplace import rules
from domains.marketplace.queries.pages import JOB_CARD, Page, read_page, viewer_params
from kelmah.geography import EARTH_RADIUS_KM, boxes_around
from kelmah.http.pagination import COUNTED_UP_TO

# Word for word the condition of the partial indexes.
_LISTED = "job.state = 'open' AND job.visibility = 'public'"

_DISTANCE_KM = f"""
    2 * {EARTH_RADIUS_KM} * asin(least(1, sqrt(
        power(sin(radians(job.latitude - %(latitude)s) / 2), 2)
        + cos(radians(%(latitude)s)) * cos(radians(job.latitude))
          * power(sin(radians(job.longitude - %(longitude)s) / 2), 2))))"""


@dataclass(frozen=True, kw_only=True)
class JobFilter:
    """What a found job must satisfy; None means any. Budgets are minor units of ``currency``."""

    category: str | None = None
    skill: str | None = None
    kind: str | None = None
    mode: str | None = None
    currency: str | None = None
    min_budget: int | None = None
    max_budget: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    radius_km: float | None = None

    @property
    def around_a_point(self) -> bool:
        return self.latitude is not None

    def fingerprint(self) -> str:
        """For the scope of a cursor, which must not outlive its filters."""
        return json.dumps(vars(self), sort_keys=True)


def job_feed(
    *, wanted: JobFilter, viewer_id: UUID | None, limit: int, after: tuple[datetime, UUID] | None = None
) -> Page:
    """Listed jobs, newest first. Keys: published_at, id."""
    gate, params = _gate(wanted)
    beyond = ""
    if after:
        beyond = "AND (job.published_at, job.id) < (%(after_at)s, %(after_id)s)"
        params |= {"after_at": after[0], "after_id": after[1]}
    return read_page(
        source=f"""(SELECT * FROM marketplace_job AS job WHERE {gate} {beyond}
                    ORDER BY job.published_at DESC, job.id DESC LIMIT %(limit)s + 1) AS job""",  # noqa: S608
        keys=("job.published_at", "job.id"),
        card=_card(wanted),
        total=f"""(SELECT count(*) FROM (SELECT 1 FROM marketplace_job AS job WHERE {gate}
                   LIMIT {COUNTED_UP_TO + 1}) AS counted)""",  # noqa: S608
        limit=limit,
        params=params | viewer_params(viewer_id),
    )


def job_search(
    *,
    words: list[str],
    wanted: JobFilter,
    viewer_id: UUID | None,
    limit: int,
    as_of: datetime,
    after: tuple[int, UUID] | None = None,
    ranking: rules.Ranking = rules.RANKING,
) -> Page:
    """Listed jobs that hold any of the words, best first. Keys: score, id.

    Pages of one ``as_of`` are stable: jobs published later are left out, and age counts up to that moment. A job that
    is edited meanwhile may move, one that is closed disappears.
    """
    gate, params = _gate(wanted)
    params |= _query_params(words, ranking) | {"as_of": as_of}
    beyond = ""
    if after:
        beyond = "WHERE (score, id) < (%(after_score)s, %(after_id)s)"
        params |= {"after_score": after[0], "after_id": after[1]}
    ctes = f"""
        WITH candidates AS MATERIALIZED (
            SELECT job.id, job.published_at, job.search FROM marketplace_job AS job
            WHERE {gate} AND job.published_at <= %(as_of)s AND job.search @@ to_tsquery('english', %(any)s)
            ORDER BY job.published_at DESC, job.id DESC LIMIT %(candidates)s
        ), scored AS (
            SELECT id, {_SCORE} AS score FROM candidates
        ), best AS (
            SELECT * FROM scored {beyond} ORDER BY score DESC, id DESC LIMIT %(limit)s + 1
        )"""  # noqa: S608
    return read_page(
        ctes=ctes,
        source="best JOIN marketplace_job AS job USING (id)",
        keys=("best.score", "best.id"),
        card=_card(wanted),
        total="(SELECT count(*) FROM candidates)",
        limit=limit,
        params=params | viewer_params(viewer_id),
    )


# Private functions


# A whole number, so that a cursor can hold it exactly. Age is capped: 2 to the -60 is nothing, and less underflows.
_SCORE = """
    round(1000000 * (
        ts_rank(%(letters)s::real[], search, to_tsquery('english', %(any)s))
        + CASE WHEN search @@ to_tsquery('english', %(title_any)s) THEN %(bonus_any)s ELSE 0 END
        + CASE WHEN search @@ to_tsquery('english', %(title_all)s) THEN %(bonus_all)s ELSE 0 END
        + %(bonus_fresh)s * power(2, -least(60, extract(epoch FROM %(as_of)s - published_at) / %(half_life)s))::float8
    ))::bigint"""


def _query_params(words: list[str], ranking: rules.Ranking) -> dict[str, Any]:
    return {
        "any": " | ".join(f"'{word}'" for word in words),
        "title_any": " | ".join(f"'{word}':A" for word in words),
        "title_all": " & ".join(f"'{word}':A" for word in words),
        "letters": list(ranking.letters),
        "bonus_any": ranking.title_any,
        "bonus_all": ranking.title_all,
        "bonus_fresh": ranking.freshness,
        "half_life": ranking.half_life_days * 86_400,
        "candidates": ranking.candidates,
    }


def _gate(wanted: JobFilter) -> tuple[str, dict[str, Any]]:
    """The conditions of the filter, and their parameters."""
    conditions, params = [_LISTED], {name: value for name, value in vars(wanted).items() if value is not None}
    for name, condition in (
        ("category", "job.category_id = %(category)s"),
        ("kind", "job.kind = %(kind)s"),
        ("mode", "job.mode = %(mode)s"),
        ("currency", "job.currency = %(currency)s"),
        ("min_budget", "job.budget_minor >= %(min_budget)s"),
        ("max_budget", "job.budget_minor <= %(max_budget)s"),
        ("skill", "EXISTS (SELECT 1 FROM marketplace_jobskill AS asked"
                  " WHERE asked.job_id = job.id AND asked.skill_id = %(skill)s)"),
    ):  # fmt: skip
        if name in params:
            conditions.append(condition)
    if wanted.latitude is not None and wanted.longitude is not None and wanted.radius_km is not None:
        boxes = []
        for number, box in enumerate(boxes_around(wanted.latitude, wanted.longitude, wanted.radius_km)):
            corners = {f"{side}_{number}": value for side, value in vars(box).items()}
            params |= corners
            boxes.append(
                f"job.latitude BETWEEN %(south_{number})s AND %(north_{number})s"
                f" AND job.longitude BETWEEN %(west_{number})s AND %(east_{number})s"
            )
        conditions += ["job.latitude IS NOT NULL", f"({' OR '.join(boxes)})", f"{_DISTANCE_KM} <= %(radius_km)s"]
    return " AND ".join(conditions), params


def _card(wanted: JobFilter) -> str:
    return JOB_CARD.format(distance=f"round(({_DISTANCE_KM})::numeric, 2)" if wanted.around_a_point else "NULL")
