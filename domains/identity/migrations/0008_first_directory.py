"""Load the skills of marketplace's taxonomy (O*NET 29.2, CC BY 4.0; see marketplace's README) and the first weights.

``skills.json`` belongs to this migration and stays as it is: what changes later is told by ``SkillsChanged``.
"""

import json
from pathlib import Path
from typing import Any

from django.db import migrations

from kelmah import clock

SOURCE = Path(__file__).with_name("skills.json")


def load(apps: Any, schema_editor: Any) -> None:
    skills = json.loads(SOURCE.read_text(encoding="utf-8"))["skills"]
    alias = schema_editor.connection.alias
    skill, weights = apps.get_model("identity", "Skill"), apps.get_model("identity", "RankWeights")
    skill.objects.using(alias).bulk_create(skill(**row) for row in skills)
    weights.objects.using(alias).create(
        version=1, rating=4_000, verified=2_500, jobs=2_000, recency=1_500, match=6_000, jobs_full=999,
        recency_days=180, reason="The first weights.", made_at=clock.now(),
    )


class Migration(migrations.Migration):
    dependencies = [("identity", "0007_workers")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
