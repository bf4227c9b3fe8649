"""What payments tells of money is kept, and the clock belongs to a submission, not to a version of its row."""

import django.db.models.deletion
import django.db.models.expressions
import kelmah.ids
from django.db import migrations, models

# What was released before was released whole; clocks that run go on.
KEPT = """
UPDATE contracts_milestone SET paid_minor = fee_minor + net_minor WHERE state = 'released';
UPDATE contracts_deadline SET subject_version = contracts_milestone.revisions + 1 FROM contracts_milestone
WHERE kind = 'auto_approve' AND done_at IS NULL AND subject_id = contracts_milestone.id;
"""
BEFORE = """
UPDATE contracts_deadline SET subject_version = contracts_milestone.version FROM contracts_milestone
WHERE kind = 'auto_approve' AND done_at IS NULL AND subject_id = contracts_milestone.id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('contracts', '0003_erasure'),
    ]

    operations = [
        migrations.CreateModel(
            name='PartPayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('gross_minor', models.BigIntegerField()),
                ('fee_minor', models.BigIntegerField()),
                ('net_minor', models.BigIntegerField()),
                ('paid_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='SettledWeek',
            fields=[
                ('id', models.UUIDField(default=kelmah.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('monday', models.DateField()),
                ('paid_minor', models.BigIntegerField()),
                ('fee_minor', models.BigIntegerField()),
                ('net_minor', models.BigIntegerField()),
                ('refunded_minor', models.BigIntegerField()),
                ('settled_at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='milestone',
            name='milestone_state',
        ),
        migrations.AddField(
            model_name='milestone',
            name='paid_minor',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='milestone',
            name='refunded_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='milestone',
            name='refunded_minor',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.RunSQL(KEPT, BEFORE),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['approved', 'awaiting_funds', 'cancelled', 'changes_requested', 'funded', 'in_progress', 'planned', 'refunded', 'released', 'split', 'submitted'])), name='milestone_state'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('fee_minor__isnull', True), ('net_minor__isnull', True), ('paid_minor', 0)), models.Q(('fee_minor__gte', 0), ('fee_minor__isnull', False), ('net_minor__gte', 0), ('net_minor__isnull', False), ('paid_minor__gt', 0), ('paid_minor', django.db.models.expressions.CombinedExpression(models.F('fee_minor'), '+', models.F('net_minor')))), _connector='OR'), name='milestone_paid_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('paid_minor', 0), ('refunded_minor', models.F('amount_minor')), ('state', 'refunded')), models.Q(('paid_minor__gt', 0), ('refunded_minor__gt', 0), ('state', 'split'), ('amount_minor', django.db.models.expressions.CombinedExpression(models.F('paid_minor'), '+', models.F('refunded_minor')))), models.Q(models.Q(('state__in', ['refunded', 'split']), _negated=True), ('paid_minor__lte', models.F('amount_minor')), ('refunded_minor', 0)), _connector='OR'), name='milestone_settled_adds_up'),
        ),
        migrations.AddField(
            model_name='partpayment',
            name='milestone',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='contracts.milestone'),
        ),
        migrations.AddField(
            model_name='settledweek',
            name='contract',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='weeks', to='contracts.contract'),
        ),
        migrations.AddConstraint(
            model_name='partpayment',
            constraint=models.UniqueConstraint(fields=('milestone', 'number'), name='part_payment_once'),
        ),
        migrations.AddConstraint(
            model_name='partpayment',
            constraint=models.CheckConstraint(condition=models.Q(('fee_minor__gte', 0), ('gross_minor__gt', 0), ('net_minor__gte', 0), ('gross_minor', django.db.models.expressions.CombinedExpression(models.F('fee_minor'), '+', models.F('net_minor')))), name='part_payment_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='settledweek',
            constraint=models.UniqueConstraint(fields=('contract', 'monday'), name='settled_week_once'),
        ),
        migrations.AddConstraint(
            model_name='settledweek',
            constraint=models.CheckConstraint(condition=models.Q(('fee_minor__gte', 0), ('net_minor__gte', 0), ('refunded_minor__gte', 0), ('paid_minor', django.db.models.expressions.CombinedExpression(models.F('fee_minor'), '+', models.F('net_minor')))), name='settled_week_adds_up'),
        ),
    ]
