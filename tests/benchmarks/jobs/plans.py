"""Statements per page, and the index that each kind of question reads, on whatever rows the database holds.

Run with the server's settings; prints rows for ``bench_jobs`` as JSON.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import django

django.setup()

from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.marketplace import queries
from kelmah import clock

QUESTIONS: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "newest first": ({}, [], "job_feed"),
    "newest first in a category": ({"category": "tiling"}, [], "job_feed_of_category"),
    "around a point": ({"latitude": 6.611, "longitude": 0.471, "radius_km": 5}, [], "job_place"),
    "a rare word": ({}, ["horologist"], "job_search"),
    "a word of most postings": ({}, ["accra"], "job_feed"),
}


def main() -> None:
    lines = []
    for what, (filters, words, index) in QUESTIONS.items():
        wanted = queries.JobFilter(**filters)
        statements, plan = [], {}
        for limit in (1, 20, 100):
            caught = _caught(_asking(wanted, words, limit))
            statements.append(len(caught))
            plan = _explained(caught[-1])
        used = sorted({node["Index Name"] for node in _nodes(plan["Plan"]) if "Index Name" in node})
        lines += [
            {
                "what": f"{what}: reads {', '.join(used)}",
                "value": round(plan["Execution Time"], 2),
                "unit": "ms",
                "met": index in used,
            },
        ]
        if set(statements) != {1}:
            lines.append({"what": f"{what}: statements per page", "value": max(statements), "met": False})
    constant = not any("statements" in line["what"] for line in lines)
    lines.append(
        {"what": "statements per page of 1, 20 and 100 rows", "value": 1, "target": "constant", "met": constant}
    )
    print(json.dumps(lines))


def _asking(wanted: queries.JobFilter, words: list[str], limit: int) -> Callable[[], Any]:
    if not words:
        return lambda: queries.job_feed(wanted=wanted, viewer_id=None, limit=limit)
    return lambda: queries.job_search(words=words, wanted=wanted, viewer_id=None, limit=limit, as_of=clock.now())


def _caught(ask: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connections["marketplace"]) as caught:
        ask()
    return [query["sql"] for query in caught]


def _explained(statement: str) -> dict[str, Any]:
    with connections["marketplace"].cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + statement.replace("%", "%%"), [])
        (found,) = cursor.fetchone()
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]
    return plan


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


if __name__ == "__main__":
    main()
