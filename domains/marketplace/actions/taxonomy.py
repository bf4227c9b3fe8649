"""What staff changes about the taxonomy. Nothing is deleted: jobs and profiles go on naming what is retired."""

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from domains.marketplace.models import Category, Skill
from kelmah.db import atomic
from kelmah.events.publish import publish
from kelmah.interfaces.marketplace.events import SkillsChanged
from kelmah.interfaces.marketplace.types import TaxonomySkill


def set_skills_active(*, ids: Collection[str], active: bool) -> int:
    """Retire skills, so that nobody chooses them any more, or bring them back; returns how many changed."""
    with atomic("marketplace"):
        _one_at_a_time()
        changing = _ids(Skill.objects.filter(id__in=ids).exclude(active=active))
        Skill.objects.filter(id__in=changing).update(active=active)
        _tell_of(Skill.objects.filter(id__in=changing))
    return len(changing)


def set_categories_active(*, slugs: Collection[str], active: bool) -> int:
    """Retire categories together with the choice of their skills, or bring them back; returns how many changed."""
    with atomic("marketplace"):
        _one_at_a_time()
        changing = _ids(Category.objects.filter(slug__in=slugs).exclude(active=active))
        Category.objects.filter(slug__in=changing).update(active=active)
        _tell_of(Skill.objects.filter(category__in=changing))
    return len(changing)


# Private functions


def _one_at_a_time() -> None:
    """Whether a skill can be chosen hangs on its category, too: of a skill and its category changed at once, each would
    tell what the other had not committed."""
    list(Category.objects.select_for_update().order_by("pk"))


def _ids(rows: QuerySet[Any]) -> list[str]:
    return list(rows.values_list("pk", flat=True))


def _tell_of(skills: QuerySet[Skill]) -> None:
    told = [
        TaxonomySkill(
            skill_id=skill.id,
            name=skill.name,
            words=[skill.category.name, *skill.synonyms],
            active=skill.active and skill.category.active,
        )
        for skill in skills.select_related("category").order_by("id")
    ]
    if told:
        publish(SkillsChanged(skills=told))
