"""Settings of the measured processes: those of the tests, with the pools they need and no rate limit in the way.

The limit is still asked of Redis for every request, as in production; it is only never reached.
"""

from config import domains
from config.settings.test import *  # noqa: F403

DATABASES = domains.databases(pool_size=8)
RATE_LIMITS = dict.fromkeys(RATE_LIMITS, "1000000000/s")  # noqa: F405
