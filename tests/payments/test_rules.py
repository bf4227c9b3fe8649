"""The rules of payments, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.payments import rules
from kelmah.errors import InvalidTransition
from kelmah.ids import new_id
from kelmah.money import Money

TABLES = [rules.DEPOSIT, rules.ESCROW, rules.PAYOUT, rules.COMMAND]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.subject)
def test_every_state_is_reachable_and_every_waiting_state_has_an_exit(table):
    assert (table.unreachable(), table.dead_ends()) == (frozenset(), frozenset())


@given(
    st.integers(min_value=0, max_value=10**12),
    st.integers(min_value=0, max_value=10_000),
    st.sampled_from(["JPY", "GHS", "KWD"]),
)
def test_fee_and_net_sum_to_the_gross_and_are_never_negative(gross, basis_points, currency):
    fee, net = rules.fee_split(Money(gross, currency), basis_points)
    assert fee + net == Money(gross, currency)
    assert fee.minor >= 0
    assert net.minor >= 0
    assert abs(fee.minor * 10_000 - gross * basis_points) <= 10_000


@pytest.mark.parametrize("basis_points", [0, 1, 1000, 1500, 9999, 10_000])
def test_for_every_small_amount_the_fee_grows_with_the_amount(basis_points):
    fees = [rules.fee_split(Money(amount, "GHS"), basis_points)[0].minor for amount in range(1, 10_001)]
    assert fees == sorted(fees)


def test_people_never_owe_and_the_platform_may():
    assert rules.floor_of(rules.available(new_id(), "GHS")) == 0
    assert rules.floor_of(rules.escrow(new_id())) == 0
    assert rules.floor_of(rules.payout_hold(new_id())) == 0
    assert rules.floor_of(rules.gateway("sandbox", "GHS")) is None


def test_fees_spread_over_sixteen_rows():
    shards = {rules.fee_shard("GHS", f"escrow:{new_id()}:settle") for _ in range(500)}
    assert len(shards) == rules.FEE_SHARDS


def test_a_decided_order_is_never_undecided_again():
    for step in ("send", "wait", "lose_sight", "reject"):
        with pytest.raises(InvalidTransition):
            rules.COMMAND.check(step, "succeeded")
