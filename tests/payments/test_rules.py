"""The rules of payments, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.payments import rules
from domains.payments.gateways.signatures import check_signature, sign
from kelmah.errors import InvalidTransition
from kelmah.ids import new_id
from kelmah.money import EXPONENTS, Money

TABLES = [rules.DEPOSIT, rules.ESCROW, rules.DISPUTED, rules.FEE_PLAN, rules.PAYOUT, rules.COMMAND]
CURRENCIES = ["JPY", "GHS", "KWD"]  # no, two, and three digits after the point
BASIS_POINTS = st.integers(min_value=0, max_value=10_000)
AMOUNTS = st.integers(min_value=0, max_value=10**12)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.subject)
def test_every_state_is_reachable_and_every_waiting_state_has_an_exit(table):
    assert (table.unreachable(), table.dead_ends()) == (frozenset(), frozenset())


@given(AMOUNTS, BASIS_POINTS, st.sampled_from(CURRENCIES))
def test_fee_and_net_sum_to_the_gross_and_are_never_negative(gross, basis_points, currency):
    fee, net = rules.fee_split(Money(gross, currency), basis_points)
    assert fee + net == Money(gross, currency)
    assert fee.minor >= 0
    assert net.minor >= 0
    assert abs(fee.minor * 10_000 - gross * basis_points) <= 5_000  # half a minor unit at most


@given(AMOUNTS, AMOUNTS, BASIS_POINTS)
def test_who_earns_more_never_gets_less_and_never_pays_less(one, other, basis_points):
    small, large = (rules.fee_split(Money(amount, "GHS"), basis_points) for amount in sorted((one, other)))
    assert small[0] <= large[0]
    assert small[1] <= large[1]


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("basis_points", [0, 1, 333, 1000, 1500, 9999, 10_000])
def test_every_small_amount_splits_exactly_and_monotonely(basis_points, currency):
    splits = [rules.fee_split(Money(amount, currency), basis_points) for amount in range(1, 10_001)]
    assert all(fee.minor + net.minor == amount for amount, (fee, net) in enumerate(splits, start=1))
    assert [fee.minor for fee, _ in splits] == sorted(fee.minor for fee, _ in splits)
    assert [net.minor for _, net in splits] == sorted(net.minor for _, net in splits)


def test_people_never_owe_and_the_platform_may():
    assert rules.floor_of(rules.available(new_id(), "GHS")) == 0
    assert rules.floor_of(rules.escrow(new_id())) == 0
    assert rules.floor_of(rules.payout_hold(new_id())) == 0
    assert rules.floor_of(rules.gateway("sandbox", "GHS")) is None
    assert rules.floor_of(rules.suspense("sandbox", "GHS")) is None


def test_fees_spread_over_sixteen_rows():
    shards = {rules.fee_shard("GHS", f"escrow:{new_id()}:settle") for _ in range(500)}
    assert shards == {f"platform:fee:GHS:{number}" for number in range(16)}


def test_the_smallest_payout_is_one_whole_unit_of_every_currency():
    assert [rules.smallest_payout(currency).minor for currency in CURRENCIES] == [1, 100, 1000]
    assert all(rules.smallest_payout(currency).minor == 10**digits for currency, digits in EXPONENTS.items())


@pytest.mark.parametrize("end", ["succeeded", "rejected", "returned"])
def test_a_decided_order_is_never_undecided_again(end):
    for step in ("send", "wait", "lose_sight", "reject", "succeed", "give_up"):
        with pytest.raises(InvalidTransition):
            rules.COMMAND.check(step, end)


@pytest.mark.parametrize(("table", "state"), [(rules.ESCROW, "released"), (rules.PAYOUT, "failed")])
def test_settled_money_stays_settled(table, state):
    assert [step for step in table.transitions if step.source == state] == []


def test_waiting_doubles_and_ends_at_an_hour():
    waits = [rules.wait_before(attempt).total_seconds() for attempt in range(1, 40)]
    assert waits[:4] == [2, 4, 8, 16]
    assert waits == sorted(waits)
    assert max(waits) == 3600


def test_attempts_last_as_long_as_is_said():
    hours = [sum(rules.wait_before(n).total_seconds() for n in range(1, attempts + 1)) / 3600
             for attempts in (rules.WEBHOOK_ATTEMPTS, rules.OUTAGE_ATTEMPTS)]  # fmt: skip
    assert 2 <= hours[0] <= 3
    assert 24 <= hours[1] <= 30


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=2**39), st.binary(min_size=1, max_size=200))
def test_a_signature_is_good_for_its_own_body_only(body, at, other):
    header = sign("secret", body, at=at)
    check_signature(header, body, secrets=["old", "secret"], now=at)
    for wrong in ({"body": body + other}, {"secrets": ["old"]}, {"now": at + 301}, {"now": at - 61}, {"secrets": []}):
        with pytest.raises(rules.SignatureInvalid):
            check_signature(**{"header": header, "body": body, "secrets": ["secret"], "now": at, **wrong})


@given(st.text(max_size=80))
def test_no_header_that_somebody_makes_up_breaks_the_check(header):
    with pytest.raises(rules.SignatureInvalid):
        check_signature(header, b"{}", secrets=["secret"], now=0)
