"""Amounts as texts: exact in both directions, in every currency."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.payments.gateways.decimals import as_decimal, from_decimal
from kelmah.money import EXPONENTS, Money


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(EXPONENTS)))
def test_there_and_back_is_the_same_amount(minor, currency):
    """Row 29."""
    amount = Money(minor, currency)
    assert from_decimal(as_decimal(amount), currency) == amount


@pytest.mark.parametrize(
    ("minor", "currency", "text"), [(12500, "GHS", "125.00"), (5, "JPY", "5"), (1, "KWD", "0.001"), (1, "GHS", "0.01")]
)
def test_an_amount_is_written_in_major_units(minor, currency, text):
    assert as_decimal(Money(minor, currency)) == text


@pytest.mark.parametrize(
    ("text", "currency"),
    [("1.001", "GHS"), ("0.5", "JPY"), ("NaN", "GHS"), ("Infinity", "GHS"), ("", "GHS"), ("1,5", "GHS"), ("1", "XXX")],
)
def test_what_is_no_amount_is_refused(text, currency):
    with pytest.raises(ValueError, match="is no amount"):
        from_decimal(text, currency)


@pytest.mark.parametrize("written", ["100", "100.0", "100.00", 100, "1E+2"])
def test_an_amount_may_be_written_in_many_ways(written):
    assert from_decimal(written, "GHS") == Money(10000, "GHS")
