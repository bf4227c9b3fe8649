"""identity begins with the skills that marketplace begins with; later it follows by event."""

import json
from pathlib import Path

DOMAINS = Path(__file__).parents[2] / "domains"


def test_identity_begins_with_marketplaces_skills() -> None:
    theirs = json.loads((DOMAINS / "marketplace/migrations/taxonomy_0002.json").read_text())
    ours = json.loads((DOMAINS / "identity/migrations/skills.json").read_text())
    categories = {category["slug"]: category["name"] for category in theirs["categories"]}
    assert ours["skills"] == [
        {
            "id": skill["id"],
            "name": skill["name"],
            "words": " ".join([categories[skill["category"]], *skill["synonyms"]]),
        }
        for skill in theirs["skills"]
    ]
    assert {name: ours[name] for name in ("source", "licence", "attribution")} == {
        name: theirs[name] for name in ("source", "licence", "attribution")
    }
