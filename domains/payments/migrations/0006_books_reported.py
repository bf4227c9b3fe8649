"""Reports of a period, and who was told of red books.

Transactions are written in order of time, more or less: a BRIN index is a few pages and costs a posting nothing.
"""

from django.db import migrations, models

INDEX = """
CREATE INDEX ledger_by_time ON payments_ledgertransaction USING brin (event_at) WITH (pages_per_range = 32)
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0005_payout_methods")]
    operations = [
        migrations.RunSQL(INDEX, "DROP INDEX ledger_by_time"),
        migrations.AddField("bookscheck", "paged", models.BooleanField(db_default=False, default=False)),
        migrations.AddIndex(
            "bookscheck",
            models.Index(fields=["-at"], condition=models.Q(paged=True), name="books_check_paged"),
        ),
    ]
