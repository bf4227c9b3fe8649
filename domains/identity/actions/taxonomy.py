"""Following marketplace's taxonomy of skills."""

from collections.abc import Collection

from domains.identity.models import Skill
from kelmah.db import atomic
from kelmah.interfaces.marketplace.types import TaxonomySkill


def keep_skills(skills: Collection[TaxonomySkill]) -> None:
    """New, renamed, retired or brought back. Profiles keep what they named; twice is safe."""
    with atomic("identity"):
        Skill.objects.bulk_create(
            [
                Skill(id=skill.skill_id, name=skill.name, words=" ".join(skill.words), active=skill.active)
                for skill in skills
            ],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["name", "words", "active"],
        )
