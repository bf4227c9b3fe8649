"""Protected funds leave in parts, are split, disputed and reviewed by the clock; fee plans are decided by two."""

import django.db.models.deletion
import django.db.models.expressions
import kelmah.ids
from django.db import migrations, models

# What was settled before went whole to one side.
FILL = """
UPDATE payments_escrow SET fee_minor = 0, net_minor = 0 WHERE fee_minor IS NULL OR net_minor IS NULL;
UPDATE payments_escrow SET released_minor = amount_minor WHERE state = 'released';
UPDATE payments_escrow SET refunded_minor = amount_minor WHERE state = 'refunded';
UPDATE payments_escrow SET review_hours = CASE WHEN fee_plan LIKE 'quick %' THEN 24 ELSE 336 END;
UPDATE payments_feeplan SET state = 'approved', review_hours = CASE name WHEN 'quick' THEN 24 ELSE 336 END;
INSERT INTO payments_feeplan (name, version, basis_points, review_hours, pending_hours, reason, state) VALUES
    ('hourly', 1, 1000, NULL, 120, 'hourly work: ten percent, from the worker, free after five days', 'approved');
"""

RELEASES = """
INSERT INTO payments_escrowrelease (id, escrow_id, number, gross_minor, fee_minor, net_minor, released_at)
SELECT gen_random_uuid(), milestone_id, 0, amount_minor, fee_minor, net_minor, settled_at
FROM payments_escrow WHERE state = 'released';
"""

POSITIONS = """
CREATE OR REPLACE VIEW payments_position AS
SELECT currency || ' ' || kind AS id, currency, kind, count(*) AS accounts, sum(balance)::bigint AS balance
FROM (
    SELECT currency, balance, CASE split_part(key, ':', 1)
        WHEN 'user' THEN 'wallets' WHEN 'escrow' THEN 'escrow' WHEN 'payout' THEN 'payouts on their way'
        WHEN 'platform' THEN 'fees' WHEN 'gw' THEN 'held by gateways' WHEN 'suspense' THEN 'suspense'
        WHEN 'dispute' THEN 'disputed' WHEN 'hold' THEN 'holds' WHEN 'receivable' THEN 'receivables'
        WHEN 'refund' THEN 'refunds on their way' WHEN 'bank' THEN 'bank accounts'
        ELSE 'other' END AS kind
    FROM payments_ledgeraccount
) accounts GROUP BY currency, kind;
"""

FLOORS = """
ALTER TABLE payments_ledgeraccount ADD CONSTRAINT disputed_never_owe
    CHECK (floor IS NOT DISTINCT FROM 0 OR key NOT LIKE 'dispute:%');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0009_adjustments'),
    ]

    operations = [
        migrations.CreateModel(
            name='Deadline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject_id', models.UUIDField()),
                ('kind', models.TextField()),
                ('due_at', models.DateTimeField()),
                ('subject_version', models.PositiveIntegerField()),
                ('done_at', models.DateTimeField(null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('retry_at', models.DateTimeField(null=True)),
                ('last_error', models.TextField(blank=True, default='')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DisputedFunds',
            fields=[
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('amount_minor', models.BigIntegerField()),
                ('state', models.TextField(default='frozen')),
                ('review_left', models.DurationField(null=True)),
                ('frozen_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='EscrowRelease',
            fields=[
                ('id', models.UUIDField(default=kelmah.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('gross_minor', models.BigIntegerField()),
                ('fee_minor', models.BigIntegerField()),
                ('net_minor', models.BigIntegerField()),
                ('released_at', models.DateTimeField()),
                ('matures_at', models.DateTimeField(null=True)),
                ('matured_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='escrow',
            name='escrow_state',
        ),
        migrations.RemoveConstraint(
            model_name='escrow',
            name='escrow_split_adds_up',
        ),
        migrations.RemoveConstraint(
            model_name='escrow',
            name='escrow_settled_has_date',
        ),
        migrations.RemoveIndex(
            model_name='escrow',
            name='escrow_of_hirer',
        ),
        migrations.AddField(
            model_name='escrow',
            name='pending_hours',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='escrow',
            name='refunded_minor',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='escrow',
            name='released_minor',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='escrow',
            name='review_ends_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='escrow',
            name='review_hours',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='escrow',
            name='submission',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='escrow',
            name='week',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='feeplan',
            name='decided_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='feeplan',
            name='decided_by',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='feeplan',
            name='pending_hours',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='feeplan',
            name='proposed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='feeplan',
            name='proposed_by',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='feeplan',
            name='review_hours',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='feeplan',
            name='state',
            field=models.TextField(db_default='proposed', default='proposed'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='escrow',
            name='fee_minor',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='escrow',
            name='net_minor',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name='escrow',
            index=models.Index(condition=models.Q(('state__in', ['refunded', 'released', 'split']), _negated=True), fields=['hirer_id', 'currency'], name='escrow_held_of_hirer'),
        ),
        migrations.AddConstraint(
            model_name='escrow',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['disputed', 'funded', 'refunded', 'released', 'split'])), name='escrow_state'),
        ),
        migrations.AddConstraint(
            model_name='escrow',
            constraint=models.CheckConstraint(condition=models.Q(('fee_minor__gte', 0), ('net_minor__gte', 0), ('refunded_minor__gte', 0), ('released_minor', django.db.models.expressions.CombinedExpression(models.F('fee_minor'), '+', models.F('net_minor'))), models.Q(models.Q(models.Q(('state__in', ['refunded', 'released', 'split']), _negated=True), ('refunded_minor', 0), ('released_minor__lt', models.F('amount_minor'))), models.Q(('state__in', ['refunded', 'released', 'split']), ('amount_minor', django.db.models.expressions.CombinedExpression(models.F('released_minor'), '+', models.F('refunded_minor')))), _connector='OR'), models.Q(models.Q(('state', 'released'), _negated=True), ('refunded_minor', 0), _connector='OR')), name='escrow_split_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='escrow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('state__in', ['refunded', 'released', 'split']), _negated=True), ('settled_at__isnull', True)), models.Q(('state__in', ['refunded', 'released', 'split']), ('settled_at__isnull', False)), _connector='OR'), name='escrow_settled_has_date'),
        ),
        migrations.AddConstraint(
            model_name='escrow',
            constraint=models.CheckConstraint(condition=models.Q(('review_ends_at__isnull', True), ('state', 'funded'), _connector='OR'), name='escrow_review_only_while_funded'),
        ),
        migrations.AddConstraint(
            model_name='escrow',
            constraint=models.CheckConstraint(condition=models.Q(('week__isnull', True), ('week__iso_week_day', 1), _connector='OR'), name='escrow_week_begins_on_monday'),
        ),
        migrations.AddConstraint(
            model_name='escrow',
            constraint=models.UniqueConstraint(fields=('contract_id', 'week'), name='escrow_week_once'),
        ),
        migrations.AddConstraint(
            model_name='feeplan',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('name',), name='fee_plan_one_proposed'),
        ),
        migrations.AddConstraint(
            model_name='feeplan',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['approved', 'declined', 'proposed'])), name='fee_plan_state'),
        ),
        migrations.AddConstraint(
            model_name='feeplan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), ('proposed_by__isnull', True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='fee_plan_four_eyes'),
        ),
        migrations.AddIndex(
            model_name='deadline',
            index=models.Index(condition=models.Q(('done_at__isnull', True)), fields=['due_at'], name='payments_deadline_due'),
        ),
        migrations.AddConstraint(
            model_name='deadline',
            constraint=models.UniqueConstraint(condition=models.Q(('done_at__isnull', True)), fields=('subject_id', 'kind'), name='payments_deadline_armed'),
        ),
        migrations.AddField(
            model_name='disputedfunds',
            name='escrow',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='payments.escrow'),
        ),
        migrations.AddField(
            model_name='escrowrelease',
            name='escrow',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='payments.escrow'),
        ),
        migrations.AddConstraint(
            model_name='disputedfunds',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['decided', 'frozen', 'withdrawn'])), name='disputed_state'),
        ),
        migrations.AddConstraint(
            model_name='disputedfunds',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='disputed_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='disputedfunds',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'frozen')), models.Q(models.Q(('state', 'frozen'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='disputed_ended_has_date'),
        ),
        migrations.AddConstraint(
            model_name='disputedfunds',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'frozen')), fields=('escrow',), name='disputed_one_at_a_time'),
        ),
        migrations.AddIndex(
            model_name='escrowrelease',
            index=models.Index(condition=models.Q(('matured_at__isnull', True), ('matures_at__isnull', False)), fields=['escrow'], name='escrow_release_pending'),
        ),
        migrations.AddConstraint(
            model_name='escrowrelease',
            constraint=models.UniqueConstraint(fields=('escrow', 'number'), name='escrow_release_number'),
        ),
        migrations.AddConstraint(
            model_name='escrowrelease',
            constraint=models.CheckConstraint(condition=models.Q(('fee_minor__gte', 0), ('gross_minor__gt', 0), ('net_minor__gte', 0), ('gross_minor', django.db.models.expressions.CombinedExpression(models.F('fee_minor'), '+', models.F('net_minor')))), name='escrow_release_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='escrowrelease',
            constraint=models.CheckConstraint(condition=models.Q(('matured_at__isnull', True), ('matures_at__isnull', False), _connector='OR'), name='escrow_release_matures'),
        ),
        migrations.RunSQL(POSITIONS, migrations.RunSQL.noop),
        migrations.RunSQL(FLOORS, "ALTER TABLE payments_ledgeraccount DROP CONSTRAINT disputed_never_owe"),
        migrations.RunSQL(RELEASES, "DELETE FROM payments_escrowrelease"),
    ]
