"""Changing money into another currency: quotes, prices, the four legs, and what stays with the platform."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from domains.payments import queries, rules
from domains.payments.actions import exchange
from domains.payments.models import ExchangeQuote, ExchangeRate, LedgerEntry, LedgerTransaction
from domains.payments.queries.invariants import contradictions
from kelmah import clock as now
from kelmah.errors import NotFound
from kelmah.money import EXPONENTS, Money
from tests.payments.factories import cedis, in_wallet, rich, somebody
from tests.payments.owner import refusal_of

pytestmark = pytest.mark.domain("payments")

RATES = {"GHS": Decimal("10.95"), "EUR": Decimal("0.86"), "JPY": Decimal("155.25"), "KWD": Decimal("0.3071")}


def told(rates=RATES, **how) -> int:
    return exchange.keep_rates(rates, **{"origin": "Bank of Ghana", "observed_at": now.now(), **how})


def in_exchange(currency: str) -> int:
    return queries.balance_of(rules.fx(currency), currency).minor


@pytest.mark.parametrize(
    ("sold", "into", "rate", "margin", "bought"),
    [
        (Money(1000, "JPY"), "USD", Fraction(1, 155), 0, Money(645, "USD")),  # 6.4516
        (Money(645, "USD"), "JPY", Fraction(155), 0, Money(999, "JPY")),  # 999.75
        (Money(1234, "KWD"), "JPY", Fraction(505), 0, Money(623, "JPY")),  # 623.17
        (Money(10_000, "GHS"), "KWD", Fraction(28, 1000), 0, Money(2800, "KWD")),
        (Money(10_000, "GHS"), "USD", Fraction(1, 10), 100, Money(990, "USD")),
        (Money(1, "JPY"), "USD", Fraction(1, 155), 0, Money(0, "USD")),
    ],
)
def test_row_29_a_price_knows_how_many_digits_a_currency_has(sold, into, rate, margin, bought):
    assert rules.exchanged(sold, into=into, rate=rate, margin=margin) == bought


@given(
    minor=st.integers(1, 10**8),
    currencies=st.permutations(sorted(EXPONENTS)).map(lambda all_of_them: all_of_them[:2]),
    rate=st.fractions(Fraction(1, 10**6), 10**6, max_denominator=10**6),
    margin=st.integers(0, 9_999),
)
def test_nobody_gains_by_changing_there_and_back(minor, currencies, rate, margin):
    sold = Money(minor, currencies[0])
    bought = rules.exchanged(sold, into=currencies[1], rate=rate, margin=margin)
    assert rules.exchanged(bought, into=currencies[0], rate=1 / rate, margin=margin) <= sold


def test_money_changes_hands_in_four_legs():
    told()
    by = rich(cedis(1000))
    wanted = exchange.quote(by=by, sold=cedis(1000), into="USD")
    assert wanted.bought == Money(9041, "USD")  # 1000 / 10.95 = 91.324, less one per cent: 90.411
    exchange.accept(by=by, quote_id=wanted.id)
    assert (in_wallet(by.user_id), in_wallet(by.user_id, "USD")) == (0, 9041)
    assert (in_exchange("GHS"), in_exchange("USD")) == (100_000, -9041)
    legs = LedgerEntry.objects.filter(txn__idem=f"exchange:{wanted.id}")
    assert sorted((leg.account.key.split(":")[0], leg.currency, leg.amount) for leg in legs) == [
        ("platform", "GHS", 100_000),
        ("platform", "USD", -9041),
        ("user", "GHS", -100_000),
        ("user", "USD", 9041),
    ]


def test_the_books_say_at_which_rate_and_whose():
    told()
    by = rich(cedis(1000))
    wanted = exchange.accept(by=by, quote_id=exchange.quote(by=by, sold=cedis(1000), into="USD").id)
    said = LedgerTransaction.objects.get(idem=f"exchange:{wanted.id}").reference
    assert (said["sold"], said["bought"], said["rate_from"]) == ("1000.00 GHS", "90.41 USD", "Bank of Ghana")
    assert said["rate"] == "0.091324200913242"
    assert datetime.fromisoformat(said["rate_at"]) == ExchangeRate.objects.get(currency="GHS").observed_at


def test_a_quote_accepted_twice_changes_money_once():
    told()
    by = rich(cedis(1000))
    wanted = exchange.quote(by=by, sold=cedis(400), into="EUR")
    first = exchange.accept(by=by, quote_id=wanted.id)
    again = exchange.accept(by=by, quote_id=wanted.id)
    assert (first.accepted_at, in_wallet(by.user_id)) == (again.accepted_at, 60_000)


def test_row_30_an_expired_quote_moves_nothing(clock):
    told()
    by = rich(cedis(1000))
    wanted = exchange.quote(by=by, sold=cedis(400), into="EUR")
    clock.advance(seconds=60)
    with pytest.raises(rules.QuoteExpired):
        exchange.accept(by=by, quote_id=wanted.id)
    assert (in_wallet(by.user_id), in_wallet(by.user_id, "EUR")) == (100_000, 0)
    assert not LedgerTransaction.objects.filter(kind="exchange").exists()


@pytest.mark.parametrize(("home", "abroad"), [("GHS", "JPY"), ("KWD", "JPY"), ("USD", "KWD")])
@pytest.mark.parametrize("margin", [0, 100])
def test_row_30_there_and_back_many_times_leaves_the_residue_with_the_platform_alone(settings, home, abroad, margin):
    """A thousand times in one currency pair in all: each currency sums to zero after each, and nobody is richer."""
    settings.FX_MARGIN_BASIS_POINTS = margin
    told()
    start = Money(12_345_678, home)
    by, times = rich(start), 167
    for _ in range(times):
        there = exchange.quote(by=by, sold=Money(min(in_wallet(by.user_id, home), 1_234_567), home), into=abroad)
        exchange.accept(by=by, quote_id=there.id)
        back = exchange.quote(by=by, sold=Money(in_wallet(by.user_id, abroad), abroad), into=home)
        exchange.accept(by=by, quote_id=back.id)
    assert contradictions() == []
    residue = start.minor - in_wallet(by.user_id, home)
    assert in_exchange(home) == residue
    assert in_exchange(abroad) == -in_wallet(by.user_id, abroad) == 0
    # One coin abroad is what rounding takes at most, told in coins at home, each time.
    coin = rules.exchanged(Money(1, abroad), into=home, rate=_rate(abroad, home), margin=0).minor + 2
    assert 0 <= residue <= times * (coin + 2 * 1_234_567 * margin // 10_000)
    assert residue > 0 or margin == 0


def _rate(sold: str, bought: str) -> Fraction:
    return rules.cross_rate(sold=RATES.get(sold, Decimal(1)), bought=RATES.get(bought, Decimal(1)))


def test_more_than_there_is_can_be_quoted_and_not_changed():
    told()
    by = rich(cedis(10))
    wanted = exchange.quote(by=by, sold=cedis(11), into="USD")
    with pytest.raises(rules.InsufficientFunds):
        exchange.accept(by=by, quote_id=wanted.id)
    assert (in_wallet(by.user_id), ExchangeQuote.objects.get().accepted_at) == (1000, None)


def test_somebody_elses_quote_does_not_exist():
    told()
    wanted = exchange.quote(by=rich(cedis(10)), sold=cedis(10), into="USD")
    with pytest.raises(NotFound):
        exchange.accept(by=rich(cedis(10)), quote_id=wanted.id)


def test_what_is_worth_less_than_a_coin_is_not_changed():
    told()
    with pytest.raises(rules.AmountTooSmall):
        exchange.quote(by=somebody(), sold=Money(1, "GHS"), into="JPY")
    with pytest.raises(rules.SameCurrency):
        exchange.quote(by=somebody(), sold=Money(1, "GHS"), into="GHS")


def test_nothing_is_sold_at_a_rate_of_last_week(clock):
    with pytest.raises(rules.RateMissing):
        exchange.quote(by=somebody(), sold=cedis(10), into="USD")
    told()
    clock.advance(hours=71, minutes=59)
    assert exchange.quote(by=somebody(), sold=cedis(10), into="USD").bought.minor == 90
    clock.advance(minutes=1)
    with pytest.raises(rules.RateMissing):
        exchange.quote(by=somebody(), sold=cedis(10), into="USD")


def test_the_newest_rate_counts_and_a_quote_keeps_its_own(clock):
    told()
    by = rich(cedis(1095))
    old = exchange.quote(by=by, sold=cedis(1095), into="USD")
    clock.advance(seconds=10)
    told({"GHS": Decimal("12.045")})
    assert exchange.quote(by=by, sold=cedis(1095), into="USD").bought == Money(9000, "USD")
    exchange.accept(by=by, quote_id=old.id)
    assert in_wallet(by.user_id, "USD") == 9900


@pytest.mark.parametrize(
    ("rates", "currencies"),
    [
        ({"GHS": Decimal("1.095")}, ["GHS"]),  # a slip of the comma
        ({"GHS": Decimal("13.15")}, ["GHS"]),
        ({"GHS": Decimal("10.96"), "JPY": Decimal("15.5")}, ["JPY"]),
        ({"USD": Decimal(1)}, ["USD"]),  # the base itself
        ({"EUR": Decimal(0)}, ["EUR"]),
    ],
)
def test_a_rate_that_is_hard_to_believe_is_kept_by_nobody(clock, rates, currencies):
    told()
    clock.advance(hours=1)
    with pytest.raises(rules.RateImplausible) as refused:
        told(rates)
    assert (refused.value.data["currencies"], ExchangeRate.objects.count()) == (currencies, len(RATES))


def test_a_jump_that_is_meant_is_kept_and_one_of_tomorrow_is_not(clock):
    told()
    clock.advance(hours=1)
    assert told({"GHS": Decimal(20)}, jumps_are_meant=True) == 1
    with pytest.raises(rules.RateImplausible):
        told(observed_at=now.now() + timedelta(minutes=1))


def test_rates_told_twice_are_kept_once():
    moment = now.now()
    assert (told(observed_at=moment), told(observed_at=moment)) == (len(RATES), 0)


def test_rates_come_from_a_file(tmp_path):
    file = tmp_path / "rates.csv"
    file.write_text("currency,rate\nGHS,10.95\nKWD,0.3071\n")
    when = (now.now() - timedelta(hours=1)).isoformat()
    call_command("exchange_rates", str(file), "--origin", "Bank of Ghana", "--at", when)
    assert sorted(ExchangeRate.objects.values_list("currency", "rate", "origin")) == [
        ("GHS", Decimal("10.95"), "Bank of Ghana"),
        ("KWD", Decimal("0.3071"), "Bank of Ghana"),
    ]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("currency,rate\nGHS,ten\n", "2026-11-20T12:00:00Z"),
        ("code,rate\nGHS,10\n", "2026-11-20T12:00:00Z"),
        ("currency,rate\nXXX,10\n", "2026-11-20T12:00:00Z"),
        ("currency,rate\nGHS,10\n", "2026-11-20T12:00:00"),
        ("currency,rate\nGHS,10\n", "yesterday"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, text, at):
    file = tmp_path / "rates.csv"
    file.write_text(text)
    with pytest.raises(CommandError):
        call_command("exchange_rates", str(file), "--origin", "somebody", "--at", at)
    assert not ExchangeRate.objects.exists()


def test_what_nobody_accepted_is_forgotten_and_the_rest_stays(clock):
    told()
    by = rich(cedis(20))
    exchange.quote(by=by, sold=cedis(10), into="USD")
    taken = exchange.accept(by=by, quote_id=exchange.quote(by=by, sold=cedis(10), into="USD").id)
    assert exchange.forget_quotes() == 0
    clock.advance(hours=25)
    assert exchange.forget_quotes() == 1
    assert list(ExchangeQuote.objects.values_list("id", flat=True)) == [taken.id]


@pytest.mark.domain("payments", transaction=True)
@pytest.mark.in_process
def test_one_quote_accepted_by_eight_at_once_changes_money_once(race):
    told()
    by = rich(cedis(1000))
    wanted = exchange.quote(by=by, sold=cedis(100), into="USD")
    outcomes = race(lambda: exchange.accept(by=by, quote_id=wanted.id), 8)
    assert {type(outcome) for outcome in outcomes} == {ExchangeQuote}
    assert (in_wallet(by.user_id), in_wallet(by.user_id, "USD")) == (90_000, 904)


@pytest.mark.domain("payments", transaction=True)
@pytest.mark.in_process
def test_opposite_exchanges_at_once_neither_wait_for_ever_nor_leave_a_debt(race):
    told()
    by, other = rich(cedis(1000)), rich(Money(10_000, "USD"))
    sold = [exchange.quote(by=by, sold=cedis(100), into="USD").id for _ in range(4)]
    bought = [exchange.quote(by=other, sold=Money(900, "USD"), into="GHS").id for _ in range(4)]
    jobs = [lambda quote_id=quote_id: exchange.accept(by=by, quote_id=quote_id) for quote_id in sold]
    jobs += [lambda quote_id=quote_id: exchange.accept(by=other, quote_id=quote_id) for quote_id in bought]
    outcomes = race(jobs)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert (in_wallet(by.user_id), in_wallet(other.user_id, "USD")) == (60_000, 6_400)


@pytest.mark.domain("payments", transaction=True)
@pytest.mark.in_process
@pytest.mark.parametrize(
    "change",
    ["sold_minor = 0", "bought_minor = -1", "bought_currency = 'GHS'", "margin = 10000", "accepted_at = expires_at"],
)
def test_what_the_table_itself_refuses(change):
    told()
    exchange.quote(by=somebody(), sold=cedis(10), into="USD")
    assert refusal_of(f"UPDATE payments_exchangequote SET {change}") == "23514"


@pytest.mark.breaks_the_books
def test_a_quote_marked_as_accepted_without_its_posting_is_found():
    told()
    wanted = exchange.quote(by=somebody(), sold=cedis(10), into="USD")
    ExchangeQuote.objects.filter(id=wanted.id).update(accepted_at=wanted.created_at)
    assert [row[1] for found in contradictions() for row in found.rows] == ["exchange"]


@pytest.mark.breaks_the_books
def test_a_quote_changed_after_its_posting_is_found():
    told()
    by = rich(cedis(10))
    wanted = exchange.accept(by=by, quote_id=exchange.quote(by=by, sold=cedis(10), into="USD").id)
    ExchangeQuote.objects.filter(id=wanted.id).update(bought_minor=999)
    assert [row[1] for found in contradictions() for row in found.rows] == ["exchanged"]


def test_the_newest_rate_is_found_by_the_index():
    told(observed_at=datetime(2026, 11, 20, tzinfo=UTC))
    with connections["payments"].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    newest = ExchangeRate.objects.filter(currency="GHS").order_by("-observed_at", "-id")
    assert "exchange_rate_newest" in newest[:1].explain()
