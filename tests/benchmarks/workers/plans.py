"""The index that each kind of question reads, on whatever rows the database holds.

Run with the server's settings; prints rows for ``bench_workers`` as JSON. A few rows of all are too few for an index.
"""

import json
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity.models import WorkerCard
from domains.identity.queries import directory
from domains.identity.queries.gate import WorkerFilter
from domains.identity.rules.directory import FIRST_WEIGHTS
from kelmah import clock
from tests.benchmarks.workers import rows

HO = {"latitude": 6.611, "longitude": 0.471, "radius_km": 5}
QUESTIONS: dict[str, tuple[dict[str, Any], str, str]] = {
    "the best": ({}, "rank", "card_rank"),
    "most stars": ({}, "rating", "card_stars"),
    "the cheapest": ({"currency": "GHS"}, "rate", "card_hourly"),
    "the nearest": (HO | {"radius_km": 100}, "distance", "card_spot"),
    "around a point": (HO, "rank", "card_place"),
    "a rare word": ({"words": ("horologist",)}, "rank", "card_search"),
    "a word of most workers": ({"words": (rows.words_by_use()[0],)}, "rank", "card_rank"),
    "by day": ({"at": datetime(2027, 1, 4, 10, tzinfo=UTC)}, "rank", "card_rank"),
    "at night": ({"at": datetime(2027, 1, 4, 3, tzinfo=UTC)}, "rank", "card_hours"),
    "a skill": ({"skill_ids": ("51-6041-00-cobbler",)}, "rank", "card_skills"),
}


def main() -> None:
    lines = []
    for what, (filters, sort, index) in QUESTIONS.items():
        plan = _explained(WorkerFilter(now=clock.now(), **filters), sort)
        used = sorted({node["Index Name"] for node in _nodes(plan["Plan"]) if "Index Name" in node})
        met = index in used or WorkerCard.objects.count() < 20_000
        took = round(plan["Execution Time"], 2)
        lines.append({"what": f"{what}: reads {', '.join(used)}", "value": took, "unit": "ms", "met": met})
    print(json.dumps(lines))


def _explained(wanted: WorkerFilter, sort: str) -> dict[str, Any]:
    with CaptureQueriesContext(connections["identity"]) as caught:
        directory.find(wanted, sort=sort, limit=20, weights=FIRST_WEIGHTS)
    (statement,) = [query["sql"] for query in caught]
    with connections["identity"].cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + statement.replace("%", "%%"), [])
        (found,) = cursor.fetchone()
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]
    return plan


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for inner in plan.get("Plans", []) for node in _nodes(inner))]


if __name__ == "__main__":
    main()
