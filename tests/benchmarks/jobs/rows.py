"""Many jobs, quickly: generated from the taxonomy's own words, the same on every machine, loaded by COPY."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

TAXONOMY = Path(__file__).parents[3] / "domains/marketplace/migrations/taxonomy_0002.json"
COLUMNS = (
    "id, version, hirer_id, title, description, category_id, skills, kind, mode, budget_minor, currency,"
    " enforce_budget_band, visibility, place_name, latitude, longitude, state, removal_reason, created_at,"
    " published_at, expires_at"
)
TOWNS = (
    ("Osu, Accra", 5.556, -0.182), ("Tema", 5.669, -0.017), ("Kumasi", 6.688, -1.624), ("Tamale", 9.404, -0.842),
    ("Cape Coast", 5.131, -1.280), ("Takoradi", 4.899, -1.760), ("Ho", 6.611, 0.471), ("Sunyani", 7.336, -2.327),
)  # fmt: skip
OPENINGS = ("Urgent:", "Experienced", "Reliable", "Small job for a", "Weekend work for a", "Team wanted:", "Need a")


def load(admin_url: str, count: int) -> None:
    """Fill the market with ``count`` jobs, nine in ten of them open and public, published over the last 90 days."""
    with psycopg.connect(admin_url) as connection, connection.cursor() as cursor:
        cursor.execute("SET search_path = marketplace, extensions")
        taxonomy = json.loads(TAXONOMY.read_text(encoding="utf-8"))
        pairs: list[tuple[str, str]] = []
        with cursor.copy(f"COPY marketplace_job ({COLUMNS}) FROM STDIN") as copy:
            for row in _jobs(taxonomy, count):
                pairs += [(row[0], skill["id"]) for skill in json.loads(row[6])]
                copy.write_row(row)
        with cursor.copy("COPY marketplace_jobskill (job_id, skill_id) FROM STDIN") as copy:
            for pair in pairs:
                copy.write_row(pair)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE marketplace.marketplace_job, marketplace.marketplace_jobskill")


def _jobs(taxonomy: Any, count: int) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(20)
    skills = taxonomy["skills"]
    words = sorted({word.lower() for skill in skills for text in skill["synonyms"] for word in text.split()})
    # The first words come up in every other posting, the last in hardly any, as in real text.
    weights = [1 / (rank + 2) for rank in range(len(words))]
    chance.shuffle(words)
    now = datetime.now(UTC)  # noqa: TID251 - generated rows
    hirers = [str(UUID(int=chance.getrandbits(128))) for _ in range(max(1, count // 20))]
    for number in range(count):
        main = skills[int(len(skills) * chance.random() ** 2)]
        asked = {main["id"]: main["name"]}
        for other in chance.choices(skills, k=chance.randrange(4)):
            asked[other["id"]] = other["name"]
        town, latitude, longitude = TOWNS[int(len(TOWNS) * chance.random() ** 2)]
        published = now - timedelta(seconds=chance.random() * 90 * 86400)
        open_and_public = number % 10 != 0
        yield (
            str(UUID(int=chance.getrandbits(128))),
            2,
            chance.choice(hirers),
            f"{chance.choice(OPENINGS)} {main['name']} in {town}",
            " ".join(chance.choices(words, weights, k=chance.randrange(30, 120))).capitalize() + ".",
            main["category"],
            json.dumps([{"id": key, "name": name} for key, name in asked.items()]),
            chance.choice(("fixed", "fixed", "hourly")),
            chance.choice(("onsite", "onsite", "hybrid")),
            chance.randrange(50, 5000) * 100,
            "GHS",
            False,
            "public" if open_and_public or number % 20 else "private",
            town,
            latitude + chance.gauss(0, 0.05),
            longitude + chance.gauss(0, 0.05),
            "open" if open_and_public else "paused",
            "",
            published,
            published,
            published + timedelta(days=120),
        )
