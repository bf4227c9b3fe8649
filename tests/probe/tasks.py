from celery import shared_task

from tests.probe import actions


@shared_task(name="probe.run_errand")
def run_errand(*, number: int) -> None:
    actions.run_errand(number)
