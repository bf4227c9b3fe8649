"""Money held, captured and posted in the words of other domains."""

import kelmah.ids
from django.db import migrations, models


FLOORS = """
ALTER TABLE payments_ledgeraccount ADD CONSTRAINT held_never_owe
    CHECK (floor IS NOT DISTINCT FROM 0 OR key NOT LIKE ALL (ARRAY['hold:%', 'own:%']));
"""


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0014_postings_cost_less'),
    ]

    operations = [
        migrations.CreateModel(
            name='MoneyHold',
            fields=[
                ('id', models.UUIDField(default=kelmah.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('key', models.TextField(unique=True)),
                ('payer_id', models.UUIDField()),
                ('purpose', models.TextField()),
                ('source', models.TextField()),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('captured_minor', models.BigIntegerField(default=0)),
                ('refunded_minor', models.BigIntegerField(default=0)),
                ('lines_hash', models.TextField(blank=True)),
                ('state', models.TextField(default='held')),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'held')), fields=['payer_id'], name='hold_of_payer')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['captured', 'expired', 'held', 'released'])), name='hold_state'), models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0), ('refunded_minor__gte', 0), ('refunded_minor__lte', models.F('captured_minor')), ('captured_minor__lte', models.F('amount_minor'))), name='hold_adds_up'), models.CheckConstraint(condition=models.Q(models.Q(('captured_minor__gt', 0), ('state', 'captured')), models.Q(models.Q(('state', 'captured'), _negated=True), ('captured_minor', 0)), _connector='OR'), name='hold_captured_something'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', True), ('state', 'held')), models.Q(models.Q(('state', 'held'), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='hold_settled_has_date')],
            },
        ),
        migrations.RunSQL(FLOORS, "ALTER TABLE payments_ledgeraccount DROP CONSTRAINT held_never_owe"),
    ]
