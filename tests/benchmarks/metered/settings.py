"""Settings of the measured processes: those of the tests, with the connection pool that real processes have."""

from config import domains
from config.settings.test import *  # noqa: F403

DATABASES = domains.databases(pool_size=8)
