"""Keys of calls are exchanged while everybody works."""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.faults.split.load import load
from tests.faults.split.system import System
from tests.journeys.first_paid_job import FirstPaidJob
from tests.journeys.system import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_rotation_under_load_costs_no_answer_and_no_name(system: System, story: Callable[..., FirstPaidJob]) -> None:
    told = story()
    told.play()
    nameless: list[Any] = []

    def read(client: httpx.Client, key: str) -> httpx.Response:
        answer = client.get(f"/api/v1/users/{told.cast.kofi.user_id}/reviews")
        # Names come from identity by a signed call; without it a review is shown nameless.
        if answer.status_code == 200 and not all("Ama" in str(review) for review in answer.json()["items"]):
            nameless.append(answer.json())
        return answer

    with load(system.api, {"read": read}, people=6) as seen:
        for step in ("add", "sign", "drop"):
            command = [sys.executable, "manage.py", "keys", step, str(system.running.data / "keys"), "--now"]
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
            time.sleep(2.5)
    assert seen.done > 100
    assert seen.failures == []
    assert nameless == []
    story().play()  # and the events follow
