"""Which index the search of workers reads, on enough rows that the choice is PostgreSQL's own.

The statements are those the API runs, caught on their way to the database and explained.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity.models import WorkerCard
from domains.identity.queries import directory
from domains.identity.queries.gate import WorkerFilter
from domains.identity.queries.taxonomy import spelled
from domains.identity.rules.directory import FIRST_WEIGHTS
from kelmah import clock
from tests.identity.workers import CARPENTRY, PLUMBING, worker

pytestmark = pytest.mark.domain("identity", transaction=True)

ROWS = 20_000
PEOPLE = """
INSERT INTO identity_user (id, password, is_superuser, email, display_name, role, locale, zone, status, is_staff,
    created_at, standing)
SELECT gen_random_uuid(), password, false, 'w' || n || '@example.com', 'Worker ' || n, role, locale, zone, status,
    false, created_at, 0
FROM identity_user, generate_series(1, %s) AS n
"""
COLUMNS = [field.column for field in WorkerCard._meta.concrete_fields if field.column not in ("spot", "search")]
# One word that every worker has, one that each thousandth has; a skill that every worker has, one that each hundredth.
CARDS = f"""
INSERT INTO identity_workercard ({", ".join(COLUMNS)}, search)
SELECT {", ".join(f"(card).{name}" for name in COLUMNS)},
    to_tsvector('english', 'handy' || CASE WHEN n %% 1000 = 0 THEN ' unicorn' ELSE '' END)
FROM (SELECT n, jsonb_populate_record(one, jsonb_build_object(
        'user_id', person.id, 'rank', n * 40, 'stars', 300 + n %% 200,
        'latitude', 4.5 + (n * 7919 %% 10000) * 0.0006, 'longitude', -3 + (n * 104729 %% 10000) * 0.0004,
        'hourly_minor', 1000 + n, 'hourly_currency', 'GHS', 'skill_ids', CASE WHEN n %% 100 = 0
            THEN jsonb_build_array('{CARPENTRY}', '{PLUMBING}') ELSE jsonb_build_array('{CARPENTRY}') END)) AS card
      FROM (SELECT id, row_number() OVER (ORDER BY email) AS n FROM identity_user WHERE email LIKE 'w%%') AS person,
           identity_workercard AS one) AS made
"""


@pytest.fixture
def crowd(db: None) -> None:
    """Committed, since only the table's owner or an administrator may take the statistics that plans are made from."""
    worker()
    with connections["identity"].cursor() as cursor:
        cursor.execute(PEOPLE, [ROWS])
        cursor.execute(CARDS, [])
    with psycopg.connect(os.environ["KELMAH_TEST_ADMIN_URL"], autocommit=True) as administrator:
        administrator.execute("VACUUM ANALYZE identity.identity_workercard")


def plan_of(sort: str = "rank", **asked: Any) -> dict[str, str]:
    """Node by the index that it reads, for the one statement of a page."""
    with CaptureQueriesContext(connections["identity"]) as caught:
        found(sort, **asked)
    (statement,) = [query["sql"] for query in caught]
    with connections["identity"].cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + statement.replace("%", "%%"), [])
        (plan,) = cursor.fetchone()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return {node["Index Name"]: node["Node Type"] for node in nodes(plan[0]["Plan"]) if "Index Name" in node}


def found(sort: str = "rank", **asked: Any) -> directory.Page:
    return directory.find(WorkerFilter(now=clock.now(), **asked), sort=sort, limit=20, weights=FIRST_WEIGHTS)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


@pytest.mark.usefixtures("crowd")
def test_each_question_reads_its_own_index_and_counts_to_a_thousand() -> None:
    """One test: filling is what takes the time."""
    osu = {"latitude": 5.556, "longitude": -0.182, "radius_km": 5}
    assert "card_rank" in plan_of()
    assert "card_stars" in plan_of("rating")
    assert "card_hourly" in plan_of("rate", currency="GHS", max_rate=1_500)
    assert {"card_place", "card_spot"} & plan_of("distance", **osu).keys()
    assert "card_place" in plan_of(**osu)
    assert plan_of(words=("unicorn",))["card_search"] == "Bitmap Index Scan"
    assert plan_of(skill_ids=(PLUMBING,))["card_skills"] == "Bitmap Index Scan"
    # Everybody has it: reading from the top until 2,000 are found beats ranking them all.
    for common in ({"words": ("handy",)}, {"skill_ids": (CARPENTRY,)}):
        assert "card_rank" in plan_of(**common)
        assert not {"card_search", "card_skills"} & plan_of(**common).keys()
    # A rare word beside a common one is looked up for itself.
    assert {"card_rank", "card_search"} <= plan_of(words=("handy", "unicorn")).keys()
    for asked in ({}, {"words": ("handy",)}, {"skill_ids": (CARPENTRY,)}):
        assert found(**asked).total == directory.Total(1_000, False)
    assert found(words=("unicorn",)).total == directory.Total(20, True)
    assert spelled(["unicron", "carpnter"]) == ["unicron", "carpenter"]
