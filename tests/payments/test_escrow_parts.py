"""Protected funds that leave in parts, or to both sides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.payments import actions, rules
from domains.payments.actions import escrows
from domains.payments.models import EscrowRelease, LedgerAccount, LedgerTransaction
from kelmah.errors import InvalidInput, InvalidTransition
from kelmah.interfaces.payments.events import EscrowPartReleased, EscrowRefunded, EscrowReleased
from kelmah.money import EXPONENTS, Money
from tests.payments.factories import cedis, funded_escrow, in_wallet, ruling, state_of

pytestmark = pytest.mark.domain("payments")

CURRENCIES = ["JPY", "GHS", "KWD"]  # no, two, and three digits after the point


def part(escrow, number, amount):
    return escrows.release_part(milestone_id=escrow.milestone_id, number=number, amount=amount)


def test_a_part_pays_the_worker_less_its_fee_and_leaves_the_rest_protected(published):
    escrow = funded_escrow()
    assert part(escrow, 1, cedis(250)).held == cedis(1000)
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("funded", 22500)
    [event] = published.of(EscrowPartReleased)
    assert (event.number, event.gross, event.fee, event.net) == (1, cedis(250), cedis(25), cedis(225))


def test_a_part_heard_twice_is_paid_once(published):
    escrow = funded_escrow()
    for _ in range(2):
        part(escrow, 1, cedis(250))
    assert (in_wallet(escrow.worker_id), len(published.of(EscrowPartReleased))) == (22500, 1)


@pytest.mark.parametrize(("number", "amount"), [(0, cedis(1)), (-1, cedis(1)), (1, cedis(0)), (1, -cedis(1))])
def test_parts_count_from_one_and_are_something(number, amount):
    """Number 0 is the settlement's: a part under it would keep the rest from ever being settled."""
    escrow = funded_escrow()
    with pytest.raises(InvalidInput):
        part(escrow, number, amount)
    assert in_wallet(escrow.worker_id) == 0


@pytest.mark.parametrize("amount", [-cedis(1), Money(1, "USD")])
def test_what_is_settled_is_no_less_than_nothing_and_of_the_escrows_currency(amount):
    escrow = funded_escrow()
    with pytest.raises(InvalidInput):
        escrows.settle_escrow(milestone_id=escrow.milestone_id, to_worker=amount)
    assert (state_of(escrow), in_wallet(escrow.hirer_id)) == ("funded", 0)


def test_a_number_that_was_used_for_another_amount_is_refused():
    escrow = funded_escrow()
    part(escrow, 1, cedis(250))
    with pytest.raises(rules.PartNumberTaken):
        part(escrow, 1, cedis(251))
    assert in_wallet(escrow.worker_id) == 22500


def test_a_part_is_less_than_what_is_held():
    """The older system released a part and then the full amount again: here the rest is a settlement, once."""
    escrow = funded_escrow()
    part(escrow, 1, cedis(1000))
    for too_much in (cedis(250), cedis(1250)):
        with pytest.raises(rules.PartTooLarge):
            part(escrow, 2, too_much)
    assert in_wallet(escrow.worker_id) == 90000


def test_a_release_after_parts_pays_only_the_rest(published):
    escrow = funded_escrow()
    part(escrow, 1, cedis(250))
    part(escrow, 2, cedis(333.33))
    actions.release_escrow(milestone_id=escrow.milestone_id)
    assert in_wallet(escrow.worker_id) == 112500
    [event] = published.of(EscrowReleased)
    assert (event.gross, event.fee, event.net) == (cedis(1250), cedis(125), cedis(1125))
    assert sorted(EscrowRelease.objects.values_list("number", flat=True)) == [0, 1, 2]


def test_after_the_settlement_no_part_leaves():
    escrow = funded_escrow()
    actions.release_escrow(milestone_id=escrow.milestone_id)
    with pytest.raises(InvalidTransition):
        part(escrow, 1, cedis(1))
    assert in_wallet(escrow.worker_id) == 112500


def test_a_refund_after_a_part_gives_back_the_rest(published):
    escrow = funded_escrow()
    part(escrow, 1, cedis(250))
    actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=ruling())
    assert (in_wallet(escrow.worker_id), in_wallet(escrow.hirer_id)) == (22500, 100000)
    [event] = published.of(EscrowRefunded)
    assert (event.amount, event.refunded, event.gross, event.net) == (cedis(1250), cedis(1000), cedis(250), cedis(225))


def test_a_split_pays_both_sides_in_one_transaction(published):
    escrow = funded_escrow()
    for _ in range(2):
        escrows.settle_escrow(milestone_id=escrow.milestone_id, to_worker=cedis(500))
    assert (state_of(escrow), in_wallet(escrow.worker_id), in_wallet(escrow.hirer_id)) == ("split", 45000, 75000)
    settled = LedgerTransaction.objects.get(idem=f"escrow:{escrow.milestone_id}:settle")
    assert (settled.kind, settled.n) == ("escrow_split", 4)
    assert [event.refunded for event in published.of(EscrowRefunded)] == [cedis(750)]


@pytest.mark.parametrize(("to_worker", "state"), [(1250, "released"), (0, "refunded"), (0.01, "split")])
def test_how_it_is_settled_says_the_state(to_worker, state):
    escrow = funded_escrow()
    escrows.settle_escrow(milestone_id=escrow.milestone_id, to_worker=cedis(to_worker))
    assert state_of(escrow) == state
    assert in_wallet(escrow.hirer_id) == 125000 - round(to_worker * 100)


def test_no_more_than_what_is_held_is_settled():
    escrow = funded_escrow()
    part(escrow, 1, cedis(250))
    with pytest.raises(rules.MoreThanHeld):
        escrows.settle_escrow(milestone_id=escrow.milestone_id, to_worker=cedis(1000.01))
    assert state_of(escrow) == "funded"


def test_settled_one_way_it_is_not_settled_another():
    escrow = funded_escrow()
    escrows.settle_escrow(milestone_id=escrow.milestone_id, to_worker=cedis(500))
    with pytest.raises(InvalidTransition):
        escrows.settle_escrow(milestone_id=escrow.milestone_id, to_worker=cedis(501))
    with pytest.raises(InvalidTransition):
        actions.release_escrow(milestone_id=escrow.milestone_id)
    assert in_wallet(escrow.worker_id) == 45000


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("amount", [1, 2, 99, 9_999])
def test_fees_of_every_size_and_currency_reach_the_platform_in_full(currency, amount):
    """Row 28, through the books: no currency is multiplied or divided by a hundred on its way."""
    escrow = funded_escrow(amount=Money(amount, currency))
    actions.release_escrow(milestone_id=escrow.milestone_id)
    fee = rules.fee_split(Money(amount, currency), 1000)[0].minor
    taken = LedgerAccount.objects.filter(key__startswith=f"platform:fee:{currency}:").values_list("balance", flat=True)
    assert (sum(taken), in_wallet(escrow.worker_id, currency)) == (fee, amount - fee)


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("basis_points", [0, 1, 50, 333, 1000, 1250, 1500, 3333, 9999, 10_000])
def test_row_28_every_amount_cut_in_two_costs_what_the_whole_costs(currency, basis_points):
    """Row 28: parts sum to the gross, none is negative, and whoever is paid more never gets less."""
    assert currency in EXPONENTS
    for amount in range(1, 10_001):
        whole = Money(amount, currency)
        first = Money(amount * 2 // 5, currency)
        fee, net = rules.fee_split(whole, basis_points)
        parts = [rules.part_split(Money(0, currency), first, basis_points)]
        parts.append(rules.part_split(first, whole - first, basis_points))
        assert sum(part_fee.minor for part_fee, _ in parts) == fee.minor
        assert sum(part_net.minor for _, part_net in parts) == net.minor == amount - fee.minor
        assert min(min(part_fee.minor, part_net.minor) for part_fee, part_net in parts) >= 0


@given(st.lists(st.integers(min_value=1, max_value=10**9), min_size=1, max_size=8), st.integers(0, 10_000))
def test_row_28_however_it_is_cut_the_fees_sum_to_the_fee_of_the_whole(cuts, basis_points):
    released, fees, nets = 0, 0, 0
    for cut in cuts:
        fee, net = rules.part_split(Money(released, "GHS"), Money(cut, "GHS"), basis_points)
        assert fee.minor >= 0
        assert net.minor >= 0
        released, fees, nets = released + cut, fees + fee.minor, nets + net.minor
    assert (fees, nets) == tuple(money.minor for money in rules.fee_split(Money(released, "GHS"), basis_points))
