"""An inquiry that took nothing ends, and whoever is asked about a dispute is known from when."""

from django.db import migrations, models
from django.db.models import Q

STATES = ["closed", "inquiry", "lost", "reinstated", "withdrawn"]
NOTHING_TAKEN = Q(state__in=["inquiry", "closed"])


class Migration(migrations.Migration):
    dependencies = [("payments", "0023_first_sending")]
    operations = [
        migrations.AddField("chargeback", "looked_at", models.DateTimeField(null=True)),
        migrations.RunSQL("UPDATE payments_chargeback SET looked_at = changed_at", migrations.RunSQL.noop),
        migrations.AlterField("chargeback", "looked_at", models.DateTimeField()),
        migrations.RemoveConstraint("chargeback", "chargeback_state"),
        migrations.RemoveConstraint("chargeback", "chargeback_source"),
        migrations.AddConstraint(
            "chargeback", models.CheckConstraint(condition=Q(state__in=STATES), name="chargeback_state")
        ),
        migrations.AddConstraint(
            "chargeback",
            models.CheckConstraint(
                condition=NOTHING_TAKEN & Q(source="") | ~NOTHING_TAKEN & Q(source__in=["wallet", "suspense"]),
                name="chargeback_source",
            ),
        ),
    ]
