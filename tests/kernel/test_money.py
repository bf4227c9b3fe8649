"""Money: exact, of one currency, and split without losing or making a unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelmah.money import EXPONENTS, CurrencyMismatch, Money, UnknownCurrency

currencies = st.sampled_from(sorted(EXPONENTS))
amounts = st.integers(min_value=-(10**15), max_value=10**15)


@given(amounts, amounts, currencies)
def test_what_is_added_can_be_taken_away(one, other, currency):
    assert Money(one, currency) + Money(other, currency) - Money(other, currency) == Money(one, currency)


@given(
    st.integers(min_value=0, max_value=10**15),
    st.lists(st.integers(min_value=0, max_value=10_000), min_size=1, max_size=12).filter(any),
    currencies,
)
def test_parts_sum_to_the_whole_and_are_off_by_less_than_one_unit(amount, weights, currency):
    parts = Money(amount, currency).allocate(weights)
    assert sum(part.minor for part in parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor * sum(weights) - amount * weight) < sum(weights)
        assert part.minor >= 0


def test_remainders_go_to_the_largest_fraction_first_and_ties_to_the_first():
    assert [part.minor for part in Money(100, "GHS").allocate([1, 1, 1])] == [34, 33, 33]
    assert [part.minor for part in Money(5, "JPY").allocate([30, 70])] == [2, 3]


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(12500, "GHS"), "125.00 GHS"),
        (Money(500, "JPY"), "500 JPY"),
        (Money(1, "KWD"), "0.001 KWD"),
        (Money(-5, "USD"), "-0.05 USD"),
    ],
)
def test_exponents_come_from_the_iso_table(money, text):
    assert str(money) == text
    assert Money.from_json(money.as_json()) == money


def test_currencies_never_mix():
    for operation in ("__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"):
        with pytest.raises(CurrencyMismatch):
            getattr(Money(1, "GHS"), operation)(Money(1, "USD"))
    assert Money(1, "GHS") != Money(1, "USD")


def test_an_unknown_currency_is_refused():
    with pytest.raises(UnknownCurrency):
        Money(1, "XXX")


@pytest.mark.parametrize("amount", [1.5, "100", None, True])
def test_amounts_are_whole_minor_units(amount):
    with pytest.raises(TypeError):
        Money.from_json({"amount": amount, "currency": "GHS"})


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_nonsense_weights_are_refused(weights):
    with pytest.raises(ValueError, match=r"."):
        Money(100, "GHS").allocate(weights)
