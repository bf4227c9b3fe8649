"""The categories and skills that come with the migrations, and where they come from."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from domains.marketplace.actions.taxonomy import set_categories_active, set_skills_active
from domains.marketplace.models import Category, Skill
from kelmah.interfaces.marketplace.events import SkillsChanged
from kelmah.interfaces.marketplace.types import TaxonomySkill

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


# --- what others are told ----------------------------------------------------------------------------------------


@pytest.mark.domain("marketplace")
def test_a_retired_skill_is_told_with_its_words_and_one_brought_back_too(published: Any) -> None:
    skill = Skill.objects.select_related("category").get(id="47-2031-00-carpentry")
    assert set_skills_active(ids=[skill.id, "no-such-skill"], active=False) == 1
    assert set_skills_active(ids=[skill.id], active=False) == 0
    assert set_skills_active(ids=[skill.id], active=True) == 1
    told = [each for event in published.of(SkillsChanged) for each in event.skills]
    words = [skill.category.name, *skill.synonyms]
    assert told == [
        TaxonomySkill(skill_id=skill.id, name=skill.name, words=words, active=active) for active in (False, True)
    ]


@pytest.mark.domain("marketplace")
def test_a_category_takes_its_skills_along_but_brings_back_only_those_not_retired_themselves(published: Any) -> None:
    of_carpentry = set(Skill.objects.filter(category="carpentry").values_list("id", flat=True))
    set_skills_active(ids=["47-2031-00-carpentry"], active=False)
    set_categories_active(slugs=["carpentry"], active=False)
    set_categories_active(slugs=["carpentry"], active=True)
    _, gone, back = published.of(SkillsChanged)
    assert {skill.skill_id: skill.active for skill in gone.skills} == dict.fromkeys(of_carpentry, False)
    assert {skill.skill_id for skill in back.skills if not skill.active} == {"47-2031-00-carpentry"}
    assert {skill.skill_id for skill in back.skills} == of_carpentry


@pytest.mark.domain("marketplace", transaction=True)
def test_a_skill_and_its_category_changed_at_once_are_told_as_they_stand(race: Any, published: Any) -> None:
    for _ in range(5):
        race(
            [
                lambda: set_skills_active(ids=["47-2031-00-carpentry"], active=False),
                lambda: set_categories_active(slugs=["carpentry"], active=False),
            ]
        )
        race(
            [
                lambda: set_skills_active(ids=["47-2031-00-carpentry"], active=True),
                lambda: set_categories_active(slugs=["carpentry"], active=True),
            ]
        )
        last = [each for event in published.of(SkillsChanged) for each in event.skills if "carpentry" in each.skill_id]
        assert last[-1].active is True
