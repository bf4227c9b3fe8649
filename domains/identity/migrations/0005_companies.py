"""Companies with members and invitations, and what Django can't declare about them: a company's owner is a member with
the role owner, at every commit; a session acts for a company only while its person is in it."""

import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import kelmah.ids
from django.conf import settings
from django.db import migrations, models

OWNER = """
ALTER TABLE identity_company ADD COLUMN owner_role text GENERATED ALWAYS AS ('owner') STORED;
ALTER TABLE identity_company ADD CONSTRAINT company_owner_is_its_owner
    FOREIGN KEY (id, owner_id, owner_role) REFERENCES identity_companymember (company_id, user_id, role)
    DEFERRABLE INITIALLY DEFERRED;
"""
ACTS_FOR = """
ALTER TABLE identity_authsession ADD CONSTRAINT session_acts_for_a_company_of_its_person
    FOREIGN KEY (company_id, user_id) REFERENCES identity_companymember (company_id, user_id)
    ON DELETE SET NULL (company_id);
CREATE INDEX session_of_member ON identity_authsession (company_id, user_id) WHERE company_id IS NOT NULL;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0004_data_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='Company',
            fields=[
                ('id', models.UUIDField(default=kelmah.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('name', models.CharField(max_length=120)),
                ('size', models.TextField()),
                ('industry', models.TextField()),
                ('place_name', models.CharField(blank=True, max_length=120)),
                ('latitude', models.FloatField(null=True)),
                ('longitude', models.FloatField(null=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'companies',
            },
        ),
        migrations.CreateModel(
            name='CompanyInvitation',
            fields=[
                ('id', models.UUIDField(default=kelmah.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('email', models.EmailField(max_length=254)),
                ('role', models.TextField()),
                ('state', models.TextField(default='pending')),
                ('token_hash', models.BinaryField(max_length=32, null=True, unique=True)),
                ('sendings', models.PositiveSmallIntegerField(default=1)),
                ('asked_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='CompanyMember',
            fields=[
                ('id', models.UUIDField(default=kelmah.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('role', models.TextField()),
                ('joined_at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='rolegrant',
            name='role_grant_by_somebody_else',
        ),
        migrations.AddField(
            model_name='authsession',
            name='company_id',
            field=models.UUIDField(null=True),
        ),
        migrations.AlterField(
            model_name='rolegrant',
            name='granted_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('granted_by__isnull', True), ('scope_kind__gt', '')), models.Q(('granted_by__isnull', False), models.Q(('user', models.F('granted_by')), _negated=True)), _connector='OR'), name='role_grant_by_somebody_else'),
        ),
        migrations.AddField(
            model_name='company',
            name='created_by',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='company',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='companies_owned', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='companyinvitation',
            name='company',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='identity.company'),
        ),
        migrations.AddField(
            model_name='companyinvitation',
            name='invited_by',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='companymember',
            name='company',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='members', to='identity.company'),
        ),
        migrations.AddField(
            model_name='companymember',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(fields=['-created_at', '-id'], name='company_newest'),
        ),
        migrations.AddConstraint(
            model_name='company',
            constraint=models.CheckConstraint(condition=models.Q(('name__gt', '')), name='company_named'),
        ),
        migrations.AddConstraint(
            model_name='company',
            constraint=models.CheckConstraint(condition=models.Q(('size__in', ('1', '2-10', '11-50', '51-200', '201-1000', '1001+'))), name='company_size'),
        ),
        migrations.AddConstraint(
            model_name='company',
            constraint=models.CheckConstraint(condition=models.Q(('industry__in', ('agriculture', 'construction', 'education', 'energy', 'finance', 'government', 'health', 'hospitality', 'logistics', 'manufacturing', 'media', 'mining', 'non_profit', 'property', 'retail', 'services', 'technology', 'other'))), name='company_industry'),
        ),
        migrations.AddConstraint(
            model_name='company',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('latitude__isnull', True), ('longitude__isnull', True), ('place_name', '')), models.Q(('latitude__isnull', False), ('longitude__isnull', False), ('place_name__gt', ''), ('latitude__range', (-90, 90)), ('longitude__range', (-180, 180))), _connector='OR'), name='company_place_is_whole'),
        ),
        migrations.AddIndex(
            model_name='companyinvitation',
            index=models.Index(fields=['company', '-created_at', '-id'], name='invitation_of_company'),
        ),
        migrations.AddIndex(
            model_name='companyinvitation',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['email'], name='invitation_of_address'),
        ),
        migrations.AddIndex(
            model_name='companyinvitation',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['expires_at'], name='invitation_to_expire'),
        ),
        migrations.AddConstraint(
            model_name='companyinvitation',
            constraint=models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email')), ('email__regex', '^[!-?A-~]+@[!-?A-~]+$')), name='invitation_email_clean'),
        ),
        migrations.AddConstraint(
            model_name='companyinvitation',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ('admin', 'hiring', 'finance', 'member'))), name='invitation_role'),
        ),
        migrations.AddConstraint(
            model_name='companyinvitation',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['accepted', 'declined', 'expired', 'pending', 'withdrawn'])), name='invitation_state'),
        ),
        migrations.AddConstraint(
            model_name='companyinvitation',
            constraint=models.CheckConstraint(condition=models.Q(('token_hash__isnull', True), django.db.models.lookups.Exact(models.Func(models.F('token_hash'), function='octet_length', output_field=models.IntegerField()), 32), _connector='OR'), name='invitation_hash'),
        ),
        migrations.AddConstraint(
            model_name='companyinvitation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'pending')), models.Q(models.Q(('state', 'pending'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='invitation_end_has_date'),
        ),
        migrations.AddConstraint(
            model_name='companyinvitation',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'pending'), ('token_hash__isnull', True), _connector='OR'), name='invitation_used'),
        ),
        migrations.AddConstraint(
            model_name='companyinvitation',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('asked_at'))), name='invitation_expires_later'),
        ),
        migrations.AddConstraint(
            model_name='companyinvitation',
            constraint=models.CheckConstraint(condition=models.Q(('sendings__range', (1, 5))), name='invitation_sendings'),
        ),
        migrations.AddConstraint(
            model_name='companyinvitation',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'pending')), fields=('company', 'email'), name='invitation_one_open'),
        ),
        migrations.AddIndex(
            model_name='companymember',
            index=models.Index(fields=['company', 'joined_at', 'id'], name='company_members_in_order'),
        ),
        migrations.AddConstraint(
            model_name='companymember',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ('owner', 'admin', 'hiring', 'finance', 'member'))), name='company_member_role'),
        ),
        migrations.AddConstraint(
            model_name='companymember',
            constraint=models.UniqueConstraint(fields=('company', 'user'), name='company_member_once'),
        ),
        migrations.AddConstraint(
            model_name='companymember',
            constraint=models.UniqueConstraint(condition=models.Q(('role', 'owner')), fields=('company',), name='company_one_owner'),
        ),
        migrations.AddConstraint(
            model_name='companymember',
            constraint=models.UniqueConstraint(fields=('company', 'user', 'role'), name='company_member_with_role'),
        ),
        migrations.RunSQL(
            OWNER,
            "ALTER TABLE identity_company DROP CONSTRAINT company_owner_is_its_owner, DROP COLUMN owner_role",
        ),
        migrations.RunSQL(
            ACTS_FOR,
            "DROP INDEX session_of_member;"
            "ALTER TABLE identity_authsession DROP CONSTRAINT session_acts_for_a_company_of_its_person",
        ),
    ]
