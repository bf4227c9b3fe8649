import os
import signal
import time
from pathlib import Path

from celery import Task, shared_task

from tests.probe import actions


@shared_task(name="probe.run_errand")
def run_errand(*, number: int) -> None:
    actions.run_errand(number)


@shared_task(name="probe.kill_worker")
def kill_worker(*, unless: str) -> None:
    """Takes its worker along, until the file ``unless`` exists: in that one it says that it was here."""
    if not Path(unless).exists():
        os.kill(os.getpid(), signal.SIGKILL)
    Path(unless).write_text("taken")


@shared_task(name="probe.linger")
def linger(*, number: int, mark: str, seconds: float) -> None:
    """Says that it has begun, takes its time, and runs the errand."""
    Path(mark).touch()
    time.sleep(seconds)
    actions.run_errand(number)


@shared_task(bind=True, name="probe.stumble", max_retries=1)
def stumble(self: Task, *, number: int, seconds: int) -> None:
    """Runs the errand at its second attempt."""
    if not self.request.retries:
        raise self.retry(countdown=seconds)
    actions.run_errand(number)
