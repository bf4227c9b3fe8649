"""Addresses to which anybody can pay for an owner, and the lines of statements that tell of it."""

import kelmah.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0016_postings_by_name'),
    ]

    operations = [
        migrations.CreateModel(
            name='VirtualAddress',
            fields=[
                ('id', models.UUIDField(default=kelmah.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('owner', models.TextField()),
                ('purpose', models.TextField()),
                ('currency', models.CharField(max_length=3)),
                ('gateway', models.TextField()),
                ('ref', models.TextField(blank=True)),
                ('data', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'virtual addresses',
                'constraints': [models.UniqueConstraint(fields=('owner', 'purpose', 'currency'), name='address_once'), models.UniqueConstraint(condition=models.Q(('ref', ''), _negated=True), fields=('gateway', 'ref'), name='address_stands_for_one')],
            },
        ),
        migrations.RemoveConstraint(
            model_name='statemententry',
            name='statement_line_kind',
        ),
        migrations.AddConstraint(
            model_name='statemententry',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['charge', 'payout', 'refund', 'credit', 'fee', 'dispute', 'adjustment'])), name='statement_line_kind'),
        ),
    ]
