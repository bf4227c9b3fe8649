"""Disputes, and when the clock of a review ends: said in the row, since a dispute moves it."""

import django.db.models.deletion
import kelmah.ids
from django.db import migrations, models

RUNNING = """
UPDATE contracts_milestone SET auto_approve_at = due_at FROM contracts_deadline
WHERE kind = 'auto_approve' AND done_at IS NULL AND subject_id = contracts_milestone.id AND state = 'submitted';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('contracts', '0004_settlements'),
    ]

    operations = [
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.UUIDField(default=kelmah.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('opened_by', models.UUIDField()),
                ('reason', models.TextField()),
                ('state', models.TextField(default='open')),
                ('review_left', models.DurationField(null=True)),
                ('opened_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('to_worker_minor', models.BigIntegerField(null=True)),
                ('decided_by', models.UUIDField(null=True)),
                ('ruling', models.TextField(blank=True)),
            ],
        ),
        migrations.AddField(
            model_name='milestone',
            name='auto_approve_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(RUNNING, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.CheckConstraint(condition=models.Q(('auto_approve_at__isnull', True), ('state', 'submitted'), _connector='OR'), name='milestone_clock_runs_in_review'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='milestone',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='contracts.milestone'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['decided', 'open', 'overtaken', 'withdrawn'])), name='dispute_state'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('milestone',), name='dispute_one_open'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='dispute_end_has_date'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('state', 'decided'), _negated=True), ('decided_by__isnull', True), ('to_worker_minor__isnull', True)), models.Q(('decided_by__isnull', False), ('state', 'decided'), ('to_worker_minor__gte', 0), ('to_worker_minor__isnull', False), models.Q(('ruling', ''), _negated=True)), _connector='OR'), name='dispute_decided_with_reason'),
        ),
    ]
