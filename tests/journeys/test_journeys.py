"""The journeys, on the system that ``make run`` starts."""

import pytest

from tests.journeys.first_paid_job import FirstPaidJob
from tests.journeys.narrator import Narrator

pytestmark = pytest.mark.timeout(400)  # a system that starts is part of it


def test_the_first_paid_job(running):
    narrator = Narrator(quiet=True)
    FirstPaidJob(
        api=running.api,
        live=running.live,
        mailbox=running.mailbox,
        narrator=narrator,
        clock_file=running.clock_file,
    ).play()
    assert narrator.steps > 50
