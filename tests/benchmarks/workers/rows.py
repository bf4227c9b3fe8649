"""Many workers, quickly: generated from the taxonomy's own words, the same on every machine.

People come by COPY, cards by the statement that the domain itself writes them with, so that what is searched is what
would be there. A process of its own, with the server's settings::

    python -m tests.benchmarks.workers.rows ADMIN_URL COUNT
"""

import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import django
import psycopg

django.setup()

from domains.identity.actions.cards import WRITE
from domains.identity.rules import directory
from tests.benchmarks.jobs.rows import TOWNS

SKILLS = Path(__file__).parents[3] / "domains/identity/migrations/skills.json"
PEOPLE = (
    "COPY identity_user (id, password, is_superuser, email, display_name, role, locale, zone, status, is_staff,"
    " created_at, standing) FROM STDIN"
)
NAMES = ("Ama", "Kofi", "Esi", "Kwame", "Abena", "Yaw", "Akosua", "Kojo", "Adwoa", "Fiifi", "Efua", "Kwesi")
FAMILIES = ("Mensah", "Boateng", "Owusu", "Asante", "Appiah", "Osei", "Agyeman", "Addo", "Tetteh", "Quaye")
HOLIDAYS = "{[2026-12-04,2026-12-04],[2026-12-25,2026-12-26],[2027-01-01,2027-01-01],[2027-03-06,2027-03-06]}"
PASSWORD = "argon2$argon2id$none"  # of nobody
BATCH = 1_000


def load(admin_url: str, count: int) -> None:
    """Fill the directory with ``count`` workers: a quarter verified, half with reviews, most with hours and rates."""
    chance = random.Random(20)
    ids = [str(UUID(int=chance.getrandbits(128))) for _ in range(count)]
    now = datetime.now(UTC)  # noqa: TID251 - generated rows
    with psycopg.connect(admin_url) as connection, connection.cursor() as cursor:
        cursor.execute("SET search_path = identity, extensions")
        with cursor.copy(PEOPLE) as copy:
            for number, user_id in enumerate(ids):
                email, name, zone = f"w{number}@example.com", _name(number), "Africa/Accra"
                row = (user_id, PASSWORD, False, email, name, "worker", "en", zone, "active", False, now, 0)
                copy.write_row(row)
        cards = _cards(chance, ids, now)
        for _ in range(0, count, BATCH):
            batch = [card for card, _ in zip(cards, range(BATCH), strict=False)]
            cursor.execute(WRITE, [json.dumps(batch)])
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE identity.identity_workercard")


def words_by_use() -> list[str]:
    """The first words come up with nearly every worker, the last with hardly any, as in real text."""
    known = json.loads(SKILLS.read_text(encoding="utf-8"))["skills"]
    words = sorted({word.lower() for skill in known for word in skill["words"].split()})
    random.Random(20).shuffle(words)
    return words


def _name(number: int) -> str:
    return f"{NAMES[number % len(NAMES)]} {FAMILIES[number // len(NAMES) % len(FAMILIES)]}"


def _cards(chance: random.Random, ids: list[str], now: datetime) -> Iterator[dict[str, Any]]:
    known = json.loads(SKILLS.read_text(encoding="utf-8"))["skills"]
    words = words_by_use()
    weights = [1 / (rank + 2) for rank in range(len(words))]
    for number, user_id in enumerate(ids):
        had = {skill["id"]: skill for skill in (known[int(len(known) * chance.random() ** 2)] for _ in range(3))}
        levels = {skill_id: chance.randint(1, 5) for skill_id in had}
        yield {
            "user_id": user_id,
            "display_name": _name(number),
            "headline": f"{next(iter(had.values()))['name']} in {TOWNS[number % len(TOWNS)][0]}",
            "excerpt": "",
            "about": " ".join(chance.choices(words, weights, k=chance.randrange(20, 90))),
            "skills": [
                {"skill_id": key, "level": levels[key], "years": 3, "name": skill["name"], "verified": False}
                for key, skill in had.items()
            ],
            "skill_ids": list(had),
            "strengths": [directory.skill_strength(level=level, verified=False) for level in levels.values()],
            "skill_names": " ".join(skill["name"] for skill in had.values()),
            "words": " ".join(skill["words"] for skill in had.values()),
            **_place(chance),
            **_rates(chance),
            "languages": [{"code": "en", "level": "fluent"}],
            "language_codes": ["en", chance.choice(("tw", "ga", "ee", "fr"))],
            **_standing(chance, now),
            "zone": "Africa/Accra",
            "weekdays": [1, 2, 3, 4, 5],
            "utc_hours": [day * 24 + hour for day in range(5) for hour in range(8, 17)],
            "weekly": "{" + ",".join(f"[{day * 1440 + 480},{day * 1440 + 1020})" for day in range(5)) + "}",
            "days_off": HOLIDAYS if number % 2 else "{}",
            "paused_until": (now + timedelta(days=9)).isoformat() if number % 50 == 0 else None,
        }


def _place(chance: random.Random) -> dict[str, Any]:
    town, latitude, longitude = TOWNS[int(len(TOWNS) * chance.random() ** 2)]
    return {
        "place_name": town,
        "latitude": round(latitude + chance.gauss(0, 0.1), 2),
        "longitude": round(longitude + chance.gauss(0, 0.1), 2),
        "radius_km": chance.choice((5, 10, 25, 50, None)),
    }


def _rates(chance: random.Random) -> dict[str, Any]:
    hourly = chance.randrange(15, 150) * 100 if chance.random() < 0.8 else None
    return {
        "hourly_minor": hourly,
        "hourly_currency": "GHS" if hourly else "",
        "daily_minor": hourly and hourly * 7,
        "daily_currency": "GHS" if hourly else "",
        "visit_minor": None,
        "visit_currency": "",
    }


def _standing(chance: random.Random, now: datetime) -> dict[str, Any]:
    reviews = chance.randrange(1, 60) if chance.random() < 0.5 else 0
    active_at = now - timedelta(days=chance.random() * 200)
    stars, level = (chance.randrange(300, 500) if reviews else 0), chance.choice((0, 0, 0, 1, 2, 3))
    standing = directory.Standing(stars=stars, verified_level=level, jobs=reviews * 2, silent_for=now - active_at)
    terms = directory.contributions(standing, directory.FIRST_WEIGHTS)
    return {
        "stars": stars,
        "reviews": reviews,
        "jobs": reviews * 2,
        "verified_level": level,
        "active_at": active_at.isoformat(),
        "rank": sum(terms.values()),
        "rank_terms": {name: value / 1_000_000 for name, value in terms.items()},
        "weights_version": 1,
    }


if __name__ == "__main__":
    load(sys.argv[1], int(sys.argv[2]))
