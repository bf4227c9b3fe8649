"""Payouts of what any owner has, under the key of the domain that orders them; those so far are of wallets."""

import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models

OF_WALLETS = "UPDATE payments_payout SET owner = 'user:' || user_id, purpose = 'available'"


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0020_fee_plans_wait_a_year'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='payout',
            name='payout_one_in_flight',
        ),
        migrations.AddField(
            model_name='payout',
            name='key',
            field=models.TextField(null=True, unique=True),
        ),
        migrations.AddField(
            model_name='payout',
            name='owner',
            field=models.TextField(default=''),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='payout',
            name='purpose',
            field=models.TextField(default=''),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='payout',
            name='source',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.RunSQL(OF_WALLETS, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name='payout',
            index=models.Index(fields=['owner', '-created_at', '-id'], name='payout_of_owner'),
        ),
        migrations.AddConstraint(
            model_name='payout',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'processing')), fields=('owner', 'currency'), name='payout_one_in_flight'),
        ),
        migrations.AddConstraint(
            model_name='payout',
            constraint=models.CheckConstraint(condition=models.Q(('owner__regex', '^[a-z]{2,20}:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')), name='payout_of_an_owner'),
        ),
        migrations.AddConstraint(
            model_name='payout',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('owner__startswith', 'user:'), _negated=True), ('owner', django.db.models.functions.text.Concat(models.Value('user:'), django.db.models.functions.comparison.Cast('user_id', models.TextField()))), _connector='OR'), name='payout_of_a_user_is_to_them'),
        ),
    ]
