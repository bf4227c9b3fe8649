"""A domain that is down takes along only what it alone can do."""

from collections.abc import Callable

import httpx
import pytest

from tests.faults.split.system import System
from tests.journeys.first_paid_job import FirstPaidJob
from tests.journeys.people import GHS, cedis

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def refusal(answer: httpx.Response) -> tuple[int, str, bool]:
    """Status, kind, and whether it says when to come back."""
    return answer.status_code, answer.headers["content-type"], answer.headers.get("retry-after", "").isdecimal()


NOT_NOW = (503, "application/problem+json", True)


def test_without_identity_the_logged_in_go_on_and_a_login_says_when_to_come_back(
    system: System, story: Callable[..., FirstPaidJob]
) -> None:
    told = story()
    told.up_to_the_contract()
    told.the_milestone_is_funded()
    ama = told.cast.ama
    with system.down("identity"):
        told.they_chat_and_exchange_a_file()
        told.the_work_is_submitted_and_approved()
        told.the_worker_is_paid()
        form = {"login": ama.form["email"], "password": ama.form["password"]}
        assert refusal(httpx.post(f"{system.api}/api/v1/auth/login", json=form)) == NOT_NOW
        job = ama.get(f"/jobs/{told.cast.things['job_id']}")  # a page that shows people does so without their names
        assert job["title"]
    told.both_review_each_other_blind()  # the stars need identity
    ama.post("/auth/login", form)


OWN = {  # of each domain: something that only it can answer
    "marketplace": "/jobs/mine",
    "contracts": "/contracts",
    "messaging": "/conversations",
    "reviews": "/reviews/open",
    "files": "/files",
    "payments": f"/wallet?currency={GHS}",
    "identity": "/me",
}


@pytest.mark.parametrize("domain", ["marketplace", "contracts", "messaging", "reviews", "files"])
def test_without_a_domain_the_others_answer(system: System, story: Callable[..., FirstPaidJob], domain: str) -> None:
    told = story()
    told.two_strangers_sign_up()
    ama = told.cast.ama
    with system.down(domain):
        answers = {name: ama._send("GET", path) for name, path in OWN.items()}
        assert refusal(answers.pop(domain)) == NOT_NOW
        assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 200)


def test_without_payments_approvals_succeed_and_the_money_follows_once(
    system: System, story: Callable[..., FirstPaidJob]
) -> None:
    tales = [story() for _ in range(3)]
    for told in tales:
        told.up_to_the_contract()
        told.the_milestone_is_funded()
        kofi = told.cast.kofi
        path = f"/milestones/{told.cast.things['milestone_id']}"
        kofi.post(f"{path}/submit", {"note": "Done."}, If_Match=f'"{kofi.get(path)["version"]}"')
    with system.down("payments"):
        for told in tales:
            ama, path = told.cast.ama, f"/milestones/{told.cast.things['milestone_id']}"
            approved = ama.post(f"{path}/approve", None, If_Match=f'"{ama.get(path)["version"]}"')
            assert approved["state"] == "approved"
            assert refusal(ama._send("GET", "/wallet", params={"currency": GHS})) == NOT_NOW
        waiting = "SELECT count(*) FROM contracts_outbox WHERE target = 'payments'"
        assert system.query("contracts", waiting) == [(len(tales),)]
    for told in tales:
        told._await_state(told.cast.kofi, f"/milestones/{told.cast.things['milestone_id']}", "released")
        wallet = told.cast.kofi.get("/wallet", currency=GHS)
        assert wallet["available"] == cedis(1125)
        credits = told.cast.kofi.get("/wallet/statement", currency=GHS)["items"]
        assert [line["amount"]["amount"] for line in credits] == [112_500]
    system.manage("payments", "books", "check")
