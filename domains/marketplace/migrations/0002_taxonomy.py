"""Load the categories and skills of ``taxonomy_0002.json`` (O*NET 29.2, CC BY 4.0; see the domain's README).

The file belongs to this migration and stays as it is: a newer taxonomy comes as a newer file with a newer migration.
"""

import json
from pathlib import Path
from typing import Any

from django.db import migrations

SOURCE = Path(__file__).with_name("taxonomy_0002.json")


def load(apps: Any, schema_editor: Any) -> None:
    taxonomy = json.loads(SOURCE.read_text(encoding="utf-8"))
    alias = schema_editor.connection.alias
    category, skill = apps.get_model("marketplace", "Category"), apps.get_model("marketplace", "Skill")
    category.objects.using(alias).bulk_create(category(**row) for row in taxonomy["categories"])
    skill.objects.using(alias).bulk_create(
        skill(category_id=row.pop("category"), **row) for row in taxonomy["skills"]
    )


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
