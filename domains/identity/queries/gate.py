"""Whom a search lets through."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from domains.identity.rules import directory
from domains.identity.rules.availability import minute_of_week
from kelmah.geography import EARTH_RADIUS_KM, boxes_around


@dataclass(frozen=True, kw_only=True)
class WorkerFilter:
    """What a found worker must satisfy; None and empty mean any.

    Of words, skills and languages any one is enough. A point and its radius go together: found are those within the
    radius whose own service area reaches the point. Rates are minor units of ``currency``, for ``rate_kind``;
    ``min_stars`` in hundredths. ``at``: free at that moment, by their own clock; ``on``: working at some hour of that
    date of their own calendar. Without either nobody whose pause lasts ``now``.
    """

    now: datetime
    words: tuple[str, ...] = ()
    skill_ids: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None
    radius_km: float | None = None
    rate_kind: str = "hourly"
    currency: str | None = None
    min_rate: int | None = None
    max_rate: int | None = None
    min_stars: int | None = None
    languages: tuple[str, ...] = ()
    min_level: int | None = None
    at: datetime | None = None
    on: date | None = None

    @property
    def around_a_point(self) -> bool:
        return self.latitude is not None

    def fingerprint(self) -> str:
        """For the scope of a cursor, which must not outlive its filters."""
        said = {name: value for name, value in vars(self).items() if name != "now"}
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def conditions(wanted: WorkerFilter, *, but: str = "") -> tuple[list[str], dict[str, Any]]:
    """Conditions on ``card``, all ``but`` that on ``words`` or ``skill_ids`` if the statement asks it otherwise, and
    the parameters that hold whatever came from outside."""
    params: dict[str, Any] = {name: value for name, value in vars(wanted).items() if not isinstance(value, tuple)}
    params |= {"skills": list(wanted.skill_ids), "languages": list(wanted.languages)}
    params["utc_hour"] = wanted.at and [minute_of_week(wanted.at.astimezone(UTC)) // 60]
    params["weekday"] = wanted.on and [wanted.on.isoweekday()]
    params["any_word"] = " | ".join(f"'{word}'" for word in wanted.words)
    rate, currency = f"card.{wanted.rate_kind}_minor", f"card.{wanted.rate_kind}_currency"
    found = []
    for asked, condition in (
        (wanted.words and but != "words", "card.search @@ to_tsquery('english', %(any_word)s)"),
        (wanted.skill_ids and but != "skill_ids", "card.skill_ids && %(skills)s::text[]"),
        (wanted.currency is not None, f"{currency} = %(currency)s"),
        (wanted.min_rate is not None, f"{rate} >= %(min_rate)s"),
        (wanted.max_rate is not None, f"{rate} <= %(max_rate)s"),
        (wanted.min_stars is not None, "card.stars >= %(min_stars)s"),
        (wanted.languages, "card.language_codes && %(languages)s::text[]"),
        (wanted.min_level is not None, "card.verified_level >= %(min_level)s"),
        (wanted.at is None and wanted.on is None, "(card.paused_until IS NULL OR card.paused_until <= %(now)s)"),
        (wanted.at is not None, _FREE_AT),
        (wanted.on is not None, _WORKING_ON),
    ):
        if asked:
            found.append(condition)
    return [*found, *_around(wanted, params)], params


# Private functions


# The definition in rules.availability, word for word: a minute of a slot, on no day off, after a pause. PostgreSQL
# takes that for hardly anybody; of a CASE it expects half, and of the hours it has counts.
_WALL = "(%(at)s AT TIME ZONE card.zone)"
_FREE_AT = f"""
    card.utc_hours @> %(utc_hour)s::smallint[] AND CASE WHEN
    (card.paused_until IS NULL OR card.paused_until <= %(at)s)
    AND card.weekly @> ((extract(isodow FROM {_WALL})::int - 1) * 1440
                        + extract(hour FROM {_WALL})::int * 60 + extract(minute FROM {_WALL})::int)
    AND NOT card.days_off @> {_WALL}::date THEN true END"""
_WORKING_ON = """
    (card.paused_until IS NULL OR card.paused_until < (%(on)s::date + 1)::timestamp AT TIME ZONE card.zone)
    AND card.weekdays @> %(weekday)s::smallint[] AND NOT card.days_off @> %(on)s::date"""


def _around(wanted: WorkerFilter, params: dict[str, Any]) -> list[str]:
    if wanted.latitude is None or wanted.longitude is None or wanted.radius_km is None:
        return []
    params["spot"] = f"({','.join(map(repr, directory.on_a_ball(wanted.latitude, wanted.longitude)))})"
    params["chord"] = directory.chord(wanted.radius_km)
    boxes = []
    for number, box in enumerate(boxes_around(wanted.latitude, wanted.longitude, wanted.radius_km)):
        params |= {f"{side}_{number}": value for side, value in vars(box).items()}
        boxes.append(
            f"card.latitude BETWEEN %(south_{number})s AND %(north_{number})s"
            f" AND card.longitude BETWEEN %(west_{number})s AND %(east_{number})s"
        )
    distance = "(card.spot <-> %(spot)s::cube)"
    reach = f"coalesce(2 * sin(card.radius_km / {2 * EARTH_RADIUS_KM}), 2)"
    within = f"CASE WHEN {distance} <= least(%(chord)s, {reach}) THEN true END"
    return ["card.latitude IS NOT NULL", f"({' OR '.join(boxes)})", within]
