"""What a gateway keeps is a cost in the books as soon as it says so, once, whoever tells of it first."""

from typing import Any

import pytest

from domains.payments import queries, rules
from domains.payments.actions import gateway_fees
from domains.payments.actions.outcomes import settle_command
from domains.payments.actions.reconciliation import reconcile
from domains.payments.gateways import Pending, Rejected, Succeeded
from domains.payments.models import GatewayCommand, LedgerTransaction
from kelmah.money import Money
from tests.payments.factories import cedis, facts_of, in_wallet, ordered_deposit, ordered_payout, rich, somebody
from tests.payments.statements import bring, line, line_of, open_differences, verdict_of

pytestmark = pytest.mark.domain("payments")


def cost() -> int:
    return -queries.balance_of(rules.gateway_fee("GHS"), "GHS").minor


def held() -> int:
    return -queries.balance_of(rules.gateway("sandbox", "GHS"), "GHS").minor


def ordered() -> GatewayCommand:
    return ordered_deposit(somebody(), cedis(15))[1]


def told(command: GatewayCommand, **changes: Any) -> GatewayCommand:
    """The gateway says that it is done, and what it kept."""
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, **changes)))
    command.refresh_from_db()
    return command


def test_a_fee_is_booked_as_soon_as_the_charge_is_known(drain):
    charge = told(ordered(), fee=cedis(0.45))
    assert cost() == 0  # a posting of its own, by a task
    drain()
    assert (cost(), held()) == (45, 1455)
    told(charge, fee=cedis(0.45))
    drain()
    assert (cost(), LedgerTransaction.objects.filter(kind="gateway_fee").count()) == (45, 1)


def test_a_fee_that_is_known_later_than_the_charge_is_booked_then(drain):
    charge = told(ordered())
    told(charge, fee=cedis(0.45))
    drain()
    assert (cost(), held()) == (45, 1455)


def test_the_payer_gets_the_whole_amount_whatever_the_gateway_keeps(drain):
    deposit, command = ordered_deposit(somebody(), cedis(15))
    told(command, fee=cedis(0.45))
    drain()
    assert in_wallet(deposit.user_id) == 1500


@pytest.mark.parametrize("stated", ["0.45", "0.50", "0.40"])
def test_answer_first_then_statement_is_what_the_statement_says(drain, stated):
    charge = told(ordered(), fee=cedis(0.45))
    drain()
    row = line_of(charge, fee=stated)
    bring(row)
    reconcile(gateway="sandbox")
    assert (verdict_of(row), open_differences()) == ("matched", [])
    assert (cost(), held()) == (round(float(stated) * 100), 1500 - round(float(stated) * 100))


@pytest.mark.parametrize("stated", ["0.45", "0.50", "0.40"])
def test_statement_first_then_answer_is_what_the_statement_says(drain, stated):
    charge = told(ordered())
    bring(line_of(charge, fee=stated))
    told(charge, fee=cedis(0.45))
    drain()
    assert (cost(), held()) == (round(float(stated) * 100), 1500 - round(float(stated) * 100))


def test_a_statement_that_names_only_our_order_takes_the_fee_of_its_object(drain):
    charge = told(ordered(), fee=cedis(0.45))
    drain()
    bring(line_of(charge, ref="", fee="0.45"))
    assert cost() == 45


def test_a_statement_that_names_only_our_order_before_any_answer_leaves_no_second_fee(drain, nobody_there):
    charge = ordered()
    bring(line_of(charge, ref="", fee="0.45"))
    told(charge, fee=cedis(0.45))
    drain()
    assert cost() == 45


def test_a_fee_with_a_line_of_its_own_is_the_one_that_the_answer_told_of(drain):
    first, second = told(ordered(), fee=cedis(0.45)), ordered()
    drain()
    row = line(-cedis(0.45), kind="fee", ref=first.gateway_ref)
    bring(row)
    assert (verdict_of(row), cost(), open_differences()) == ("matched", 45, [])
    told(second)
    bring(line(-cedis(0.30), kind="fee", ref=second.gateway_ref))
    told(second, fee=cedis(0.30))
    drain()
    assert cost() == 75


def test_a_second_line_of_one_object_has_a_fee_of_its_own(drain):
    charge = told(ordered(), fee=cedis(0.45))
    drain()
    bring(line_of(charge, fee="0.45"), line_of(charge, fee="0.45"))
    reconcile(gateway="sandbox")
    assert (cost(), open_differences()) == (90, ["duplicate"])


def test_payouts_cost_too(drain):
    _, command = ordered_payout(rich(cedis(100)), cedis(40))
    told(command, fee=cedis(1))
    drain()
    assert (cost(), held()) == (100, 10000 - 4000 - 100)


def test_a_charge_in_suspense_costs_and_one_of_another_account_does_not(drain):
    told(ordered(), amount=cedis(14), fee=cedis(0.45))
    told(ordered(), account="somebody-else", fee=cedis(0.45))
    late = ordered()
    settle_command(command_id=late.id, outcome=Rejected(code="refused"))
    told(late, fee=cedis(0.30))
    drain()
    assert cost() == 75


def test_what_is_pending_or_kept_in_another_currency_is_left_to_the_statement(drain):
    command = ordered()
    waiting = facts_of(command, fee=cedis(0.45))
    settle_command(command_id=command.id, outcome=Pending(facts=waiting))
    told(command, fee=Money(3, "USD"))
    drain()
    assert cost() == 0
    bring(line_of(command, fee="0.45"))
    assert cost() == 45


@pytest.mark.domain("payments", transaction=True)
def test_answer_and_statement_at_once_book_what_the_statement_says(race):
    charge = told(ordered())
    row = line_of(charge, fee="0.50")

    def answer() -> None:
        gateway_fees.book_fee(command=charge, ref=charge.gateway_ref, fee=cedis(0.45))

    race([answer, lambda: bring(row), answer])
    reconcile(gateway="sandbox")
    assert (cost(), held(), verdict_of(row)) == (50, 1450, "matched")
