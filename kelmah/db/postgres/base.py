"""The database engine ``kelmah.db.postgres``: Django's own, which also makes the domain's schema before migrating."""

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """One alias, one schema, one role. ``search_path`` is set on the role, since poolers drop start-up options."""

    def prepare_database(self) -> None:
        super().prepare_database()
        with self.cursor() as cursor:
            # Asked first: CREATE SCHEMA IF NOT EXISTS needs CREATE on the database even when there is nothing to do.
            cursor.execute("SELECT to_regnamespace(%s)", [self.alias])
            if cursor.fetchone()[0] is None:
                cursor.execute(f'CREATE SCHEMA "{self.alias}"')
