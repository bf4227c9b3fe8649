"""The finance desk as a colleague works with it: found by what is known of a thing, and from a thing to the books."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

if not settings.IDENTITY_IS_LOCAL:
    pytest.skip("the desk is where identity is", allow_module_level=True)

from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.payments.actions import adjustments, payout_batches
from domains.payments.actions.outcomes import settle_command
from domains.payments.admin.looking import MOST_COUNTED
from domains.payments.gateways import Rejected, Succeeded
from domains.payments.models import LedgerTransaction
from domains.payments.queries import tracing
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.factories import cedis, facts_of, funded_escrow, ordered_deposit, ordered_payout, rich, somebody

pytestmark = pytest.mark.domain("identity", "payments")

DESK = "/admin/payments"


@pytest.fixture(autouse=True)
def no_types_of_another_test() -> None:
    """The rows that name models are rolled back with each test, the process's memory of them is not."""
    ContentType.objects.clear_cache()


@pytest.fixture(autouse=True)
def gateway_down(settings: Any) -> None:
    settings.SANDBOX_GATEWAY_URL = "http://127.0.0.1:9"


def page(desk: Client, address: str, **query: str) -> str:
    answer = desk.get(f"{DESK}/{address}", query)
    assert answer.status_code == 200
    return answer.content.decode()


def found(desk: Client, model: str, term: str) -> set[Any]:
    return {each.pk for each in desk.get(f"{DESK}/{model}/", {"q": term}).context["cl"].result_list}


def test_a_payout_says_what_its_state_means_and_leads_to_its_transactions_and_its_order(desk: Client) -> None:
    payout, command = ordered_payout(rich(cedis(100)), cedis(40))
    shown = page(desk, f"payout/{payout.id}/change/")
    assert "<strong>processing</strong>: The amount left the wallet and is held" in shown
    [hold] = LedgerTransaction.objects.filter(idem=f"payout:{payout.id}:hold")
    assert f'href="../../../ledgertransaction/{hold.id}/change/"' in shown
    assert f'href="../../../gatewaycommand/{command.id}/change/"' in shown
    assert "40.00 GHS" in shown
    assert not re.search(r">\s*4000\s*<", shown)


def test_a_batch_of_payouts_shows_what_became_of_them_and_leads_to_them(desk: Client) -> None:
    made = [ordered_payout(rich(cedis(100)), cedis(40)) for _ in range(3)]
    alone, _ = ordered_payout(rich(cedis(100)), cedis(40))
    with atomic("payments"):
        batch = payout_batches._made_of([command for _, command in made])
    for (_, command), outcome in zip(
        made, (Succeeded(facts=facts_of(made[0][1])), Rejected(code="closed")), strict=False
    ):
        settle_command(command_id=command.id, outcome=outcome)
    with CaptureQueriesContext(connections["payments"]) as asked:
        listed = page(desk, "payoutbatch/")
    assert ("120.00 GHS" in listed, "1 / 1 / 1" in listed) == (True, True)
    assert f'href="/admin/payments/payout/?batch={batch.id}">3</a>' in listed
    inside = desk.get(f"{DESK}/payout/", {"batch": str(batch.id)}).context["cl"].result_list
    assert {each.id for each in inside} == {payout.id for payout, _ in made}
    assert alone.id in {each.id for each in desk.get(f"{DESK}/payout/").context["cl"].result_list}
    assert not desk.get(f"{DESK}/payout/", {"batch": "nonsense"}).context["cl"].result_list
    assert "after 30 seconds its worker counts as dead" in page(desk, f"payoutbatch/{batch.id}/change/")
    for _ in range(3):
        with atomic("payments"):
            payout_batches._made_of([ordered_payout(rich(cedis(100)), cedis(40))[1]])
    with CaptureQueriesContext(connections["payments"]) as more:
        page(desk, "payoutbatch/")
    assert len(more) == len(asked)


def test_a_thing_of_which_nothing_is_booked_says_so(desk: Client) -> None:
    deposit, _ = ordered_deposit(somebody(), cedis(15))
    assert "Nothing is booked for it yet." in page(desk, f"deposit/{deposit.id}/change/")


def test_a_deposit_leads_to_what_the_gateway_made_of_it_and_back(desk: Client) -> None:
    deposit, command = ordered_deposit(somebody(), cedis(15))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    [booked] = LedgerTransaction.objects.filter(kind="deposit")
    assert f'href="../../../ledgertransaction/{booked.id}/change/"' in page(desk, f"deposit/{deposit.id}/change/")
    assert found(desk, "ledgertransaction", str(deposit.id)) == {booked.id}


def test_money_in_review_leads_to_where_it_stands_in_suspense(desk: Client) -> None:
    deposit, command = ordered_deposit(somebody(), cedis(15))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, amount=cedis(14))))
    [booked] = LedgerTransaction.objects.filter(kind="suspense")
    shown = page(desk, f"deposit/{deposit.id}/change/")
    assert f'href="../../../ledgertransaction/{booked.id}/change/"' in shown
    assert "Something else arrived than was asked for" in shown


def test_the_ledger_shows_money_with_its_sign_and_currency(desk: Client) -> None:
    payout, _ = ordered_payout(rich(cedis(100)), cedis(40))
    [hold] = LedgerTransaction.objects.filter(idem=f"payout:{payout.id}:hold")
    shown = page(desk, f"ledgertransaction/{hold.id}/change/")
    assert "-40.00 GHS" in shown
    assert "60.00 GHS" in shown
    listed = page(desk, "ledgeraccount/", q=f"payout:{payout.id}")
    assert "40.00 GHS" in listed
    assert not re.search(r">\s*4000\s*<", shown + listed)


def test_fees_of_protected_funds_are_money_in_their_list_and_on_their_page(desk: Client) -> None:
    escrow = funded_escrow()
    for shown in (page(desk, "escrow/"), page(desk, f"escrow/{escrow.milestone_id}/change/")):
        assert str(Money(escrow.amount_minor, "GHS")) in shown
        assert not re.search(rf">\s*{escrow.amount_minor}\s*<", shown)
    assert f"escrow:{escrow.milestone_id}:fund</a>" in page(desk, f"escrow/{escrow.milestone_id}/change/")


def test_a_payout_is_found_by_its_id_its_user_its_amount_and_the_gateways_reference(desk: Client) -> None:
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    ordered_payout(rich(cedis(100)), cedis(41))
    command.refresh_from_db()
    assert command.gateway_ref
    for term in (str(payout.id), str(by.user_id), "40", "40.00", "40.00 GHS", "40 ghs", command.gateway_ref):
        assert found(desk, "payout", term) == {payout.id}, term
    for term in (str(new_id()), "40.01", "40 USD", "40.000", "elephant"):
        assert found(desk, "payout", term) == set(), term


def test_transactions_are_found_by_what_they_are_about_without_looking_through_the_ledger(desk: Client) -> None:
    payout, _ = ordered_payout(rich(cedis(100)), cedis(40))
    [hold] = LedgerTransaction.objects.filter(idem=f"payout:{payout.id}:hold")
    assert found(desk, "ledgertransaction", str(payout.id)) == {hold.id}
    assert hold.id in found(desk, "ledgertransaction", "payout:")
    with connections["payments"].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for wanted in (tracing.key_begins(str(payout.id)), tracing.key_begins(f"payout:{payout.id}")):
        plan = LedgerTransaction.objects.filter(wanted).explain()
        assert "payments_ledgertransaction_idem_key" in plan
        assert "Seq Scan" not in plan


@pytest.mark.parametrize("model", ["deposit", "payout", "refund", "escrow", "gatewaycommand", "ledgertransaction"])
def test_long_lists_are_counted_no_further_than_anybody_pages(desk: Client, model: str) -> None:
    ordered_payout(rich(cedis(100)), cedis(40))
    with CaptureQueriesContext(connections["payments"]) as asked:
        page(desk, f"{model}/")
    counts = [query["sql"] for query in asked if "COUNT(" in query["sql"].upper()]
    assert counts
    assert all(f"LIMIT {MOST_COUNTED}" in sql for sql in counts)


def test_a_correction_that_was_posted_leads_to_its_transaction(desk: Client) -> None:
    lines = [("platform:loss:GHS", -cedis(1)), ("suspense:sandbox:GHS", cedis(1))]
    asked = adjustments.ask(lines=lines, by_id=new_id(), reason="lost")
    adjustments.approve(adjustment_id=asked.id, by_id=new_id(), note="seen")
    asked.refresh_from_db()
    there = f'href="{DESK}/ledgertransaction/{asked.txn_id}/change/"'
    shown = page(desk, f"adjustment/{asked.id}/change/")
    assert there in page(desk, "adjustment/")
    assert there in shown
    assert "Posted, as the transaction that it names." in shown


def test_charts_have_ends_and_a_table_beside_them_and_say_when_they_are_empty(desk: Client) -> None:
    shown = page(desk, "position/")
    assert "Nothing in these days." in shown  # no payout yet
    rich(cedis(100))
    shown = page(desk, "position/")
    assert "Paid in (GHS), by day (UTC): 100.00 GHS in 30 days" in shown
    assert 'aria-label="Paid in (GHS), by day (UTC); the highest 100.00 GHS"' in shown
    assert ">0.00 GHS</text>" in shown
    assert "Held by gateways and banks (GHS), by day (UTC): 100.00 GHS now" in shown


def test_what_waits_says_what_to_do(desk: Client) -> None:
    ordered_payout(rich(cedis(100)), cedis(40))
    shown = page(desk, "position/")
    assert "Nothing, for a day; then ask the gateway." in shown
    assert "Compare there; take it as paid." not in shown  # nothing of it waits
