"""Skills that profiles may name."""

from collections.abc import Collection

from domains.identity.models import Skill


def skills_named(ids: Collection[str]) -> dict[str, Skill]:
    """These skills by id, retired ones too; unknown ids are left out."""
    return {skill.id: skill for skill in Skill.objects.filter(id__in=ids)}
