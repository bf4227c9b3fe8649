"""Following marketplace's taxonomy of skills."""

from collections.abc import Collection

from django.db import connections

from domains.identity.models import Skill
from kelmah.db import atomic
from kelmah.interfaces.marketplace.types import TaxonomySkill

_KEEP_WORDS = """
    INSERT INTO identity_skillword (word, stem)
    SELECT DISTINCT word, coalesce((ts_lexize('english_stem', word))[1], word)
    FROM identity_skill, regexp_split_to_table(lower(name || ' ' || words), '[^[:alpha:]]+') AS word
    WHERE id = ANY(%s) AND length(word) BETWEEN 4 AND 80
    ON CONFLICT DO NOTHING
"""


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
        with connections["identity"].cursor() as cursor:
            cursor.execute(_KEEP_WORDS, [[skill.skill_id for skill in skills]])
