"""The ledger is for ever and keeps no words of people: titles stand with the protected funds alone, where they can be
replaced when somebody is erased."""

from django.db import migrations

STRIP = """
ALTER TABLE payments_ledgertransaction DISABLE TRIGGER txn_rows;
UPDATE payments_ledgertransaction SET reference = reference - 'title' WHERE reference ? 'title';
ALTER TABLE payments_ledgertransaction ENABLE TRIGGER txn_rows;
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_ledger")]
    operations = [migrations.RunSQL(STRIP, migrations.RunSQL.noop)]
