"""The categories and skills that come with the migrations, and where they come from."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from domains.marketplace.models import Category, Skill

ROOT = Path(__file__).parents[2]
FILE = ROOT / "domains/marketplace/migrations/taxonomy_0002.json"


@pytest.fixture(scope="module")
def taxonomy() -> Any:
    return json.loads(FILE.read_text(encoding="utf-8"))


def test_the_source_is_named_with_its_licence(taxonomy: Any) -> None:
    assert "O*NET 29.2 Database" in taxonomy["attribution"]
    assert "CC BY 4.0" in taxonomy["licence"]
    assert "CC BY 4.0" in (FILE.parents[1] / "README.md").read_text()


def test_trades_come_first_and_every_category_has_skills(taxonomy: Any) -> None:
    groups = [category["group"] for category in taxonomy["categories"]]
    assert groups == sorted(groups, key=["trades", "operations", "creative", "technical"].index)
    used = {skill["category"] for skill in taxonomy["skills"]}
    assert used == {category["slug"] for category in taxonomy["categories"]}
    assert 12 <= len(used) <= 20
    assert 300 <= len(taxonomy["skills"]) <= 500


def test_ids_begin_with_their_occupation(taxonomy: Any) -> None:
    for skill in taxonomy["skills"]:
        assert skill["id"].startswith(f"{skill['onet_code'].replace('.', '-')}-")


@pytest.mark.domain("marketplace")
def test_the_migration_loads_it_whole(taxonomy: Any) -> None:
    assert Category.objects.count() == len(taxonomy["categories"])
    assert {
        (skill.id, skill.name, skill.category_id, skill.onet_code, tuple(skill.synonyms))
        for skill in Skill.objects.all()
    } == {
        (skill["id"], skill["name"], skill["category"], skill["onet_code"], tuple(skill["synonyms"]))
        for skill in taxonomy["skills"]
    }


def test_it_is_what_the_script_derives_from_onet() -> None:
    data = Path(os.environ.get("KELMAH_DATA", ROOT.parent / "shared/data"))
    if not (data / "jobs").is_dir():
        pytest.skip(f"O*NET's files are not at {data}: set KELMAH_DATA")
    derived = subprocess.run(
        [sys.executable, ROOT / "scripts/derive_taxonomy.py"],
        env={**os.environ, "KELMAH_DATA": str(data), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
    )
    assert derived.stdout == FILE.read_bytes()
