"""The schedule, told by one process at a time: Celery's beat behind an advisory lock.

Two beats would tell every task twice. The second one waits, and takes over when the first one's session ends, however
it ends. Nothing is lost in between: what is due is a row, and the next tick finds it.
"""

from contextlib import suppress
from typing import Any

import psycopg
import structlog
from celery.beat import PersistentScheduler

from kelmah.db import direct
from kelmah.domain import local_domains

log = structlog.get_logger(__name__)

STANDBY = 2.0  # seconds between two looks whether the other one is gone


class OneAtATime(PersistentScheduler):
    """Ticks while it holds the lock of the domains it schedules for."""

    _session: psycopg.Connection[Any] | None = None

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if not self._leads():
            return STANDBY
        interval: float = super().tick(*args, **kwargs)
        return interval

    def close(self) -> None:
        super().close()
        if self._session is not None:
            self._session.close()

    # Private functions

    def _leads(self) -> bool:
        if self._session is None:
            with suppress(psycopg.OperationalError):  # no database, no tick: the tasks would need it as well
                self._session = _locked()
            if self._session is not None:
                log.info("beat_leads")
            return self._session is not None
        try:
            self._session.execute("SELECT")  # the lock is ours for as long as the session lives
        except psycopg.OperationalError:
            log.warning("beat_lost_its_lock")
            self._session = None
            return False
        return True


def _locked() -> psycopg.Connection[Any] | None:
    """A session that holds the lock, in the database of the first domain; None when another one does."""
    domains = sorted(config.domain for config in local_domains())
    session = direct.connect(domains[0], name="kelmah:beat")
    row = session.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [f"kelmah.beat {domains}"]).fetchone()
    if row and row[0]:
        return session
    session.close()
    return None
