"""What a report says is what the code says and what was measured."""

import json
from pathlib import Path

import pytest

from kelmah.extraction.facts import ties_of
from kelmah.extraction.move import Contents
from kelmah.extraction.price import Price, prices
from kelmah.extraction.rehearsal import JOURNEYS, Outcome
from kelmah.extraction.report import added_per_journey, report
from kelmah.extraction.runbook import runbook

CALL = ("contracts", "payments.wallet_of")


def outcome(*, near: float, far: float, journey: float) -> Outcome:
    kept = Contents({"payments_escrow": (3, "255")}, {"payments_inbox_id_seq": 9})
    return Outcome(
        moved=kept,
        returned=kept,
        together=[journey] * JOURNEYS,
        apart=[journey] * JOURNEYS,
        home=[journey],
        local={CALL: Price(2 * JOURNEYS, near, near)},
        remote={CALL: Price(2 * JOURNEYS, far, far)},
    )


def test_ties_are_read_from_the_code() -> None:
    ties = ties_of("payments")
    assert ("contracts", "wallet_of") in ties.calls_in
    assert ties.calls_out == [("files", "keep_export_part"), ("identity", "people"), ("identity", "restricted_among")]
    assert "payments_ledgerentry" in ties.tables
    assert "payments.check_books" in ties.tasks
    assert {event.topic for event in ties.events_in} == {
        "contracts.DisputeOpened",
        "contracts.DisputeResolved",
        "contracts.DisputeWithdrawn",
        "contracts.MilestoneApproved",
        "contracts.MilestoneFundingRequested",
        "identity.PersonAsked",
    }
    assert "SANDBOX_WEBHOOK_SECRETS" in ties.settings


def test_a_domain_that_asks_others_names_what_it_asks() -> None:
    calls = ties_of("contracts").calls_out
    assert ("payments", "wallet_of") in calls
    assert {callee for callee, _ in calls} == {"payments", "files"}


def test_prices_are_nearest_ranks_of_one_transport(tmp_path: Path) -> None:
    lines = [
        {"method": CALL[1], "caller": CALL[0], "transport": transport, "microseconds": 1000 * number}
        for number in range(1, 21)
        for transport in ("local", "remote")
    ]
    for process, part in enumerate((lines[:7], lines[7:])):
        (tmp_path / f"{process}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in part))
    assert prices(tmp_path, transport="local") == {CALL: Price(20, 10.0, 19.0)}
    assert prices(tmp_path, transport="loopback") == {}


@pytest.mark.parametrize(("far", "verdict"), [(5.0, "Price: low"), (500.0, "Price: high")])
def test_the_verdict_weighs_what_calls_add_against_the_journey(far: float, verdict: str) -> None:
    seen = outcome(near=1.0, far=far, journey=5.0)
    assert added_per_journey(seen) == pytest.approx(2 * (far - 1.0))
    page = report(ties_of("payments"), seen, walls=["imports"], machine="2 cores")
    assert verdict in page
    told = "DisputeOpened, DisputeResolved, DisputeWithdrawn, MilestoneApproved, MilestoneFundingRequested"
    assert f"| contracts | wallet_of | – | {told} |" in page
    assert "| payments_escrow | 3 | 0000000000ff | 3 |" in page
    assert f"| contracts | `payments.wallet_of` | 2.0 | 1.0 ms | 1.0 ms | {far:.1f} ms | {far:.1f} ms |" in page


def test_who_asks_nobody_costs_nothing() -> None:
    seen = outcome(near=1.0, far=1.0, journey=5.0)
    seen.local = seen.remote = {}
    assert "none that a caller waits for" in report(ties_of("files"), seen, walls=[], machine="2 cores")


def test_the_runbook_names_who_waits_and_the_proof() -> None:
    text = runbook(ties_of("payments"))
    assert "wait in the outboxes of contracts" in text
    assert "`manage.py books check`" in text
    assert "{" not in text


def test_whoever_seals_takes_the_keys_along() -> None:
    seen = outcome(near=1.0, far=1.0, journey=5.0)
    for domain, seals in (("identity", True), ("files", True), ("payments", True), ("contracts", False)):
        ties = ties_of(domain)
        assert (f"{domain}_datakey" in ties.tables) == seals
        page = report(ties, seen, walls=[], machine="2 cores")
        assert ("CRYPTO_KEYS_FILE" in page) == seals
        assert (f"`manage.py crypto new-kek --domain {domain}`" in page) == seals
