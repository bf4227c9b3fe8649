"""Finding workers: one statement gives a page as a JSON array, the place where it ended, and a total.

Two ways. Where words or skills are asked for and the best are wanted first: of each word, or each skill, the workers
highest in the directory, 2,000 in all, are scored by how well they match and by their rank; any word counts, never only
all together. In every other case the workers that pass the filters come in the order asked for, straight from an index.

Values reach PostgreSQL as literals, which the planner folds into constants: so it knows how common a word is, and reads
the GIN index for rare ones and the index of ranks for common ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections

from domains.identity.queries.gate import WorkerFilter, conditions
from domains.identity.rules import directory
from domains.identity.rules import profiles as said
from kelmah.geography import EARTH_RADIUS_KM
from kelmah.http.pagination import COUNTED_UP_TO

SORTS = ("rank", "distance", "rate", "rating")


@dataclass(frozen=True)
class Total:
    """How many there are; unless ``exact``, at least so many."""

    value: int
    exact: bool

    def as_json(self) -> dict[str, Any]:
        return {"value": self.value, "relation": "eq" if self.exact else "gte"}


@dataclass(frozen=True)
class Page:
    """``items`` is the text of a JSON array; ``last`` holds the keys of its last row when more rows follow."""

    items: str
    last: tuple[Any, ...] | None
    total: Total


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a page begins: after the row with these keys. ``total`` was counted for the first page."""

    total: Total
    after: tuple[Any, ...]


def find(
    wanted: WorkerFilter, *, sort: str, limit: int, weights: directory.Weights, begin: Place | None = None
) -> Page:
    """Workers who may be found and pass the filter. ``distance`` needs a point, ``rate`` a currency."""
    asked = sort == "rank" and (wanted.words or wanted.skill_ids)
    gate, params = conditions(wanted, but=("words" if wanted.words else "skill_ids") if asked else "")
    params |= {"limit": limit, "version": weights.version}
    if begin:
        params |= {"after_key": begin.after[0], "after_id": begin.after[1]}
    ctes = _best(wanted, gate, params, weights, begin) if asked else _in_order(wanted, sort, gate, params, begin)
    direction = "ASC" if sort in ("distance", "rate") else "DESC"
    order = f"page.key {direction}, page.user_id {direction}"
    statement = f"""
        WITH {ctes}, page AS (SELECT * FROM found AS page ORDER BY {order} LIMIT %(limit)s + 1)
        SELECT coalesce(json_agg(hit ORDER BY n) FILTER (WHERE n <= %(limit)s), '[]')::text, count(*),
               (SELECT least(value, {COUNTED_UP_TO}) FROM total), (SELECT exact FROM total),
               (array_agg(key ORDER BY n))[%(limit)s], (array_agg(user_id ORDER BY n))[%(limit)s]
        FROM (SELECT row_number() OVER (ORDER BY {order}) AS n, page.key, page.user_id, {_hit(wanted)} AS hit
              FROM page JOIN identity_workercard AS card USING (user_id)) AS numbered"""  # noqa: S608 - see conditions
    with connections["identity"].cursor() as cursor:
        cursor.execute(statement, params)
        items, found, value, exact, *last = cursor.fetchone()
    total = begin.total if begin else Total(value, exact)
    return Page(items, tuple(last) if found > limit else None, total)


# Private functions


def _in_order(wanted: WorkerFilter, sort: str, gate: Sequence[str], params: dict[str, Any], begin: Place | None) -> str:
    """Straight from an index. The first page reads on to a thousand, to count them."""
    key = {"rank": "card.rank", "rating": "card.stars", "rate": f"card.{wanted.rate_kind}_minor"}.get(
        sort, "card.spot <-> %(spot)s::cube"
    )
    direction, beyond = ("ASC", ">") if sort in ("distance", "rate") else ("DESC", "<")
    gate = [*gate, *([f"card.{wanted.rate_kind}_minor IS NOT NULL"] if sort == "rate" else [])]
    if begin:
        gate = [*gate, f"({key}, card.user_id) {beyond} (%(after_key)s, %(after_id)s)"]
    params["fetched"] = params["limit"] + 1 if begin else COUNTED_UP_TO + 1
    return f"""
        found AS MATERIALIZED (
            SELECT card.user_id, {key} AS key, NULL::float8 AS match, 1.0::float8 AS worth
            FROM identity_workercard AS card WHERE {" AND ".join(gate)}
            ORDER BY {key} {direction}, card.user_id {direction} LIMIT %(fetched)s),
        total AS (SELECT count(*) AS value, count(*) <= {COUNTED_UP_TO} AS exact FROM found)"""  # noqa: S608


def _best(
    wanted: WorkerFilter,
    gate: Sequence[str],
    params: dict[str, Any],
    weights: directory.Weights,
    begin: Place | None,
) -> str:
    params |= {"match_weight": weights.match / directory.WHOLE}
    arms = _arms(wanted, params)
    params["cap"] = directory.CANDIDATES // len(arms)
    fetched = " UNION ALL ".join(
        f"""(SELECT {number} AS arm, card.user_id FROM identity_workercard AS card
             WHERE {" AND ".join([*gate, arm])} ORDER BY card.rank DESC, card.user_id DESC LIMIT %(cap)s)"""  # noqa: S608
        for number, arm in enumerate(arms)
    )
    beyond = "WHERE (key, user_id) < (%(after_key)s, %(after_id)s)" if begin else ""
    return f"""
        fetched AS MATERIALIZED ({fetched}),
        total AS (SELECT count(DISTINCT user_id) AS value,
                         count(DISTINCT user_id) <= {COUNTED_UP_TO} AND NOT EXISTS (
                             SELECT FROM fetched GROUP BY arm HAVING count(*) >= %(cap)s) AS exact FROM fetched),
        matched AS MATERIALIZED (
            SELECT card.user_id, card.rank, {_match(wanted)} AS match
            FROM (SELECT DISTINCT user_id FROM fetched) AS candidate JOIN identity_workercard AS card USING (user_id)),
        scored AS (
            SELECT user_id, match, 1 - %(match_weight)s AS worth,
                   round(1000000 * %(match_weight)s * match + (1 - %(match_weight)s) * rank)::bigint AS key
            FROM matched),
        found AS (SELECT * FROM scored {beyond} ORDER BY key DESC, user_id DESC LIMIT %(limit)s + 1)"""  # noqa: S608


def _arms(wanted: WorkerFilter, params: dict[str, Any]) -> list[str]:
    """A condition for each word, or else for each skill: a common one must not crowd out a rare one."""
    if wanted.words:
        params |= {f"word_{n}": f"'{word}'" for n, word in enumerate(wanted.words)}
        return [f"card.search @@ to_tsquery('english', %(word_{n})s)" for n in range(len(wanted.words))]
    params |= {f"skill_{n}": [skill_id] for n, skill_id in enumerate(wanted.skill_ids)}
    return [f"card.skill_ids && %(skill_{n})s::text[]" for n in range(len(wanted.skill_ids))]


def _match(wanted: WorkerFilter) -> str:
    """How well somebody has what is asked for, 0 to 1: the mean over words, and over skills, and of the two."""
    parts = []
    if wanted.words:
        # ts_rank gives each word found once at full weight 1/1.64493…, and divides by the number of words.
        rank = "ts_rank('{0.2, 0.4, 0.8, 1}', card.search, to_tsquery('english', %(any_word)s))"
        parts.append(f"least(1, 1.6449340668 * {rank})")
    if wanted.skill_ids:
        strength = "card.strengths[array_position(card.skill_ids, asked)]"
        had = f"SELECT sum(coalesce({strength}, 0)) / count(*) / 100.0"
        parts.append(f"({had} FROM unnest(%(skills)s::text[]) AS asked)")
    return f"(({' + '.join(parts)}) / {len(parts)})::float8"


def _hit(wanted: WorkerFilter) -> str:
    """The JSON of one worker. Its place is the card's, so no more exact than they show it."""
    distance = "NULL"
    if wanted.around_a_point:
        distance = f"round((2 * {EARTH_RADIUS_KM} * asin(least(1, (card.spot <-> %(spot)s::cube) / 2)))::numeric, 1)"
    rates = ", ".join(f"'{kind}', {_rate(kind)}" for kind in said.RATE_KINDS)
    return f"""
        json_build_object(
            'user_id', card.user_id, 'display_name', card.display_name, 'headline', card.headline,
            'excerpt', card.excerpt, 'skills', card.skills,
            'place', CASE WHEN card.latitude IS NOT NULL THEN json_build_object(
                'name', card.place_name, 'latitude', card.latitude, 'longitude', card.longitude) END,
            'radius_km', card.radius_km, 'distance_km', {distance}, 'rates', json_build_object({rates}),
            'languages', card.languages,
            'reputation', json_build_object(
                'stars', CASE WHEN card.reviews > 0 THEN to_char(card.stars / 100.0, 'FM9.00') END,
                'reviews', card.reviews),
            'jobs', card.jobs, 'verified_level', card.verified_level,
            'rank', json_build_object(
                'score', round((1000000 * (1 - page.worth) * coalesce(page.match, 0)
                                + page.worth * card.rank)::numeric / 1000000, 4),
                'match', round(page.match::numeric, 4), 'match_weight', round((1 - page.worth)::numeric, 4),
                'terms', card.rank_terms, 'version', card.weights_version))"""


def _rate(kind: str) -> str:
    amount, currency = f"card.{kind}_minor", f"card.{kind}_currency"
    return f"CASE WHEN {amount} IS NOT NULL THEN json_build_object('amount', {amount}, 'currency', {currency}) END"
