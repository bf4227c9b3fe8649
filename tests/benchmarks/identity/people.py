"""Many people with one password, quickly: by COPY, with a hash of the strength of production.

python -m tests.benchmarks.identity.people ADMIN_URL COUNT
"""

import sys
from datetime import UTC, datetime
from uuid import UUID

import django
import psycopg

django.setup()

from django.contrib.auth.hashers import make_password

from tests.benchmarks.identity.load import PASSWORD, email_of

PEOPLE = (
    "COPY identity_user (id, password, is_superuser, email, display_name, role, locale, zone, status, is_staff,"
    " created_at, standing) FROM STDIN"
)


def load(admin_url: str, count: int) -> None:
    """Workers who may log in."""
    now, password = datetime.now(UTC), make_password(PASSWORD)  # noqa: TID251 - generated rows
    with psycopg.connect(admin_url) as connection, connection.cursor() as cursor:
        cursor.execute("SET search_path = identity, extensions")
        with cursor.copy(PEOPLE) as copy:
            for number in range(count):
                user_id = str(UUID(int=number + 1))
                email, zone = email_of(number), "Africa/Accra"
                copy.write_row((user_id, password, False, email, "Ama", "worker", "en", zone, "active", False, now, 0))


if __name__ == "__main__":
    load(sys.argv[1], int(sys.argv[2]))
