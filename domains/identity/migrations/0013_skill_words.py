"""Words of skills, by which mistyped ones are put right."""

import django.contrib.postgres.indexes
from django.db import migrations, models

KEEP = """
    INSERT INTO identity_skillword (word, stem)
    SELECT DISTINCT word, coalesce((ts_lexize('english_stem', word))[1], word)
    FROM identity_skill, regexp_split_to_table(lower(name || ' ' || words), '[^[:alpha:]]+') AS word
    WHERE length(word) BETWEEN 4 AND 80
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0012_addresses_and_statuses")]

    operations = [
        migrations.CreateModel(
            name="SkillWord",
            fields=[
                ("word", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("stem", models.CharField(max_length=80)),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["word"], name="skill_word_like", opclasses=["gin_trgm_ops"]
                    ),
                    models.Index(fields=["stem"], name="skill_word_stem"),
                ],
            },
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
    ]
