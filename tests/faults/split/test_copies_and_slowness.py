"""A copy that dies under load, a gateway that loses a worker, and a domain that does not answer."""

import time
from collections.abc import Callable
from functools import partial

import httpx
import pytest

from kelmah.embedded.status import descendants
from tests.faults.split.load import load
from tests.faults.split.system import System
from tests.journeys.first_paid_job import FirstPaidJob
from tests.journeys.people import GHS, cedis

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PEOPLE = 12


def draft(number: str) -> dict[str, object]:
    return {
        "title": f"Paint the gate {number}",
        "description": "Two coats of green on an iron gate, and the rust off first. Paint is there.",
        "category": "carpentry",
        "skills": [],
        "kind": "fixed",
        "mode": "onsite",
        "budget": cedis(200),
        "place": {"name": "Osu, Accra", "latitude": 5.56, "longitude": -0.18},
    }


def test_a_copy_killed_under_load_fails_nothing_but_what_it_had_in_hand(
    system: System, story: Callable[..., FirstPaidJob]
) -> None:
    told = story()
    told.two_strangers_sign_up()
    bearer = {"Authorization": f"Bearer {told.cast.ama.tokens['access_token']}"}

    def read(client: httpx.Client, key: str) -> httpx.Response:
        return client.get("/api/v1/jobs", params={"q": "gate"})

    def write(client: httpx.Client, key: str) -> httpx.Response:
        return client.post("/api/v1/jobs", json=draft(key), headers={**bearer, "Idempotency-Key": key})

    victim = system.copies("marketplace")[0]
    with load(system.api, {"read": read, "write": write}, people=PEOPLE) as seen:
        time.sleep(2)
        killed = time.monotonic()
        system.kill(victim)
        time.sleep(6)
    assert seen.done > 100
    assert seen.failed("read") == []  # the next copy answered
    assert len(seen.failed("write")) <= PEOPLE, seen.failures
    assert all(at - killed < 3 for at, _, _ in seen.failures), "it went on failing"
    # What failed may have been carried out: under its key it is asked again, and done once.
    with httpx.Client(base_url=system.api, timeout=30) as client:

        def settled(key: str) -> bool:
            answer = write(client, key)
            return answer.status_code == 201 or answer.json()["code"] == "request_already_carried_out"

        for key in seen.failed_keys:
            system.until("the key is free", partial(settled, key), seconds=90)
    titles = system.query("marketplace", "SELECT title, count(*) FROM marketplace_job GROUP BY 1 HAVING count(*) > 1")
    assert titles == []
    system.until("the copy is back", lambda: all(row["pid"] for row in system.rows()))


def test_a_gateway_that_loses_its_workers_serves_again_at_once(system: System) -> None:
    def read(client: httpx.Client, key: str) -> httpx.Response:
        return client.get("/api/v1/categories")

    (master,) = [row["pid"] for row in system.rows() if row["process"] == "gateway"]
    with load(system.api, {"read": read}, people=PEOPLE) as seen:
        time.sleep(1)
        killed = time.monotonic()
        system.signal_all(descendants(master))
        time.sleep(3)
    assert len(seen.failures) <= PEOPLE, seen.failures
    assert all(at - killed < 1.5 for at, _, _ in seen.failures), "it went on failing"


def test_a_domain_that_does_not_answer_is_left_alone_and_taken_up_again(
    system: System, story: Callable[..., FirstPaidJob]
) -> None:
    told = story()
    told.up_to_the_contract()
    ama, path = told.cast.ama, f"/milestones/{told.cast.things['milestone_id']}"
    form = {"amount": cedis(1500), "method": {"type": "sandbox", "token": "tok_success"}}
    deposit = ama.post("/wallet/deposits", form, expects=202)
    told._await_state(ama, f"/wallet/deposits/{deposit['id']}", "succeeded")
    tag = f'"{ama.get(path)["version"]}"'

    def fund() -> tuple[int, float, str | None]:
        began = time.monotonic()
        answer = ama._send("POST", f"{path}/fund", headers={"If-Match": tag})
        return answer.status_code, time.monotonic() - began, answer.headers.get("Retry-After")

    with system.frozen(*system.copies("payments")):
        first = fund()
        assert first[1] < 4  # the call's own time is 2 s
        slow = [fund() for _ in range(12)]
        # Five failures in each of two processes, and then nobody waits any more.
        assert all(status in (503, 504) and retry for status, _, retry in [first, *slow])
        quick = [fund() for _ in range(6)]
        assert max(seconds for _, seconds, _ in quick) < 1.0, quick
        assert all(status == 503 and retry for status, _, retry in quick), quick
        assert ama.get(path)["state"] == "planned"  # everything else of contracts goes on
        assert ama.get(f"/contracts/{told.cast.things['contract_id']}")["state"] == "active"
    system.until("payments is asked again", lambda: fund()[0] == 202, seconds=30)
    told._await_state(ama, path, "funded")
    assert ama.get("/wallet", currency=GHS)["in_escrow"] == cedis(1250)
    time.sleep(6)  # until the other copy of contracts, too, would try again
