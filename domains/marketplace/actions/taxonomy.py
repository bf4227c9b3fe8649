"""What staff changes about the taxonomy. Nothing is deleted: jobs and profiles go on naming what is retired."""

from collections.abc import Collection

from domains.marketplace.models import Category, Skill
from kelmah.db import atomic


def set_skills_active(*, ids: Collection[str], active: bool) -> int:
    """Retire skills, so that nobody chooses them any more, or bring them back; returns how many changed."""
    with atomic("marketplace"):
        return Skill.objects.filter(id__in=ids).exclude(active=active).update(active=active)


def set_categories_active(*, slugs: Collection[str], active: bool) -> int:
    """Retire categories together with the choice of their skills, or bring them back; returns how many changed."""
    with atomic("marketplace"):
        return Category.objects.filter(slug__in=slugs).exclude(active=active).update(active=active)
