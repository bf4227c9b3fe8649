"""Which index PostgreSQL reads, on enough rows that the choice is its own.

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

from domains.marketplace import queries
from kelmah import clock

pytestmark = pytest.mark.domain("marketplace", transaction=True)

ROWS = 20_000
# One word that every posting holds, one that each hundredth holds, one that each thousandth does.
FILL = """
INSERT INTO marketplace_job (id, version, hirer_id, title, description, category_id, skills, kind, mode, budget_minor,
    currency, enforce_budget_band, visibility, place_name, latitude, longitude, state, removal_reason, created_at,
    published_at, expires_at)
SELECT gen_random_uuid(), 1, gen_random_uuid(),
    'Work ' || CASE WHEN n %% 1000 = 0 THEN 'unicorn ' ELSE '' END || 'number ' || n,
    'Some work' || CASE WHEN n %% 100 = 0 THEN ' with a lathe' ELSE '' END,
    (ARRAY['plumbing', 'electrical', 'carpentry', 'tiling'])[1 + n %% 4], '[]', 'fixed', 'hybrid', 1000 + n, 'GHS',
    false, 'public', 'Somewhere', 4.5 + (n * 7919 %% 10000) * 0.0006, -3 + (n * 104729 %% 10000) * 0.0004, 'open', '',
    %s::timestamptz - n * interval '1 minute', %s::timestamptz - n * interval '1 minute',
    %s::timestamptz + interval '20 days'
FROM generate_series(1, %s) AS n
"""


@pytest.fixture
def market(db: None) -> None:
    """Committed, since only the table's owner or an administrator may take the statistics that plans are made from."""
    now = clock.now()
    with connections["marketplace"].cursor() as cursor:
        cursor.execute(FILL, [now, now, now, ROWS])
    with psycopg.connect(os.environ["KELMAH_TEST_ADMIN_URL"], autocommit=True) as administrator:
        administrator.execute("VACUUM ANALYZE marketplace.marketplace_job")


def plan_of(**asked: Any) -> dict[str, str]:
    """Index by the node that reads it, for the one statement of a page."""
    words = asked.pop("words", None)
    wanted = queries.JobFilter(**asked)
    with CaptureQueriesContext(connections["marketplace"]) as caught:
        if words:
            queries.job_search(words=words, wanted=wanted, viewer_id=None, limit=20, as_of=clock.now())
        else:
            queries.job_feed(wanted=wanted, viewer_id=None, limit=20)
    (statement,) = [query["sql"] for query in caught]
    with connections["marketplace"].cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + statement.replace("%", "%%"), [])
        (found,) = cursor.fetchone()
    plan = json.loads(found) if isinstance(found, str) else found
    return {node["Index Name"]: node["Node Type"] for node in nodes(plan[0]["Plan"]) if "Index Name" in node}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


@pytest.mark.usefixtures("market")
def test_each_question_reads_its_own_index() -> None:
    """One test: filling is what takes the time."""
    assert "job_feed" in plan_of()
    assert "job_feed_of_category" in plan_of(category="tiling")
    assert plan_of(words=["unicorn"])["job_search"] == "Bitmap Index Scan"
    assert plan_of(words=["unicorn", "lathe"])["job_search"] == "Bitmap Index Scan"
    # Every row matches: reading the newest until 2,000 are found beats ranking the whole market.
    common = plan_of(words=["work"])
    assert "job_feed" in common
    assert "job_search" not in common
    assert "job_place" in plan_of(latitude=5.556, longitude=-0.182, radius_km=5)
    assert "job_place" in plan_of(latitude=5.556, longitude=-0.182, radius_km=5, words=["work"])
