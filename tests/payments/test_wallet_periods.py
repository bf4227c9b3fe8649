"""What happened in a wallet between two days."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from domains.payments import actions, rules
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Returned, Succeeded
from domains.payments.queries.periods import PeriodStatement, period_statement
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.factories import FundingFactory, cedis, facts_of, in_wallet, ordered_payout, rich

pytestmark = pytest.mark.domain("payments")


def at(clock, day: date) -> None:
    """Go on to noon of a later day."""
    clock.advance(seconds=(datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - clock.now()).total_seconds())


def days(clock, count: int) -> list[date]:
    """Days to come, so that the clock only goes forwards."""
    return [clock.now().date() + timedelta(days=number) for number in range(1, count + 1)]


def of(by, first: date, last: date, *, currency: str = "GHS", most: int = 100) -> PeriodStatement:
    return period_statement(user_id=by.user_id, currency=currency, first=first, last=last, most=most)


def test_a_period_begins_with_what_was_there_and_ends_with_what_is_left(clock):
    one, two, three, four = days(clock, 4)
    at(clock, one)
    by = rich(cedis(100))
    at(clock, two)
    rich(cedis(30), by.user_id)
    _, command = ordered_payout(by, cedis(50))
    at(clock, three)
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    at(clock, four)
    settle_command(command_id=command.id, outcome=Returned(facts=facts_of(command), code="account_closed"))
    whole = of(by, one, four)
    assert [(m.kind, m.amount.minor, m.balance.minor) for m in whole.movements] == [
        ("deposit", 10_000, 10_000),
        ("deposit", 3_000, 13_000),
        ("payout_hold", -5_000, 8_000),
        ("payout_returned", 5_000, 13_000),
    ]
    assert (whole.opening.minor, whole.closing.minor, in_wallet(by.user_id)) == (0, 13_000, 13_000)
    middle = of(by, two, three)
    assert (middle.opening.minor, middle.came_in.minor, middle.went_out.minor, middle.closing.minor) == (
        10_000,
        3_000,
        -5_000,
        8_000,
    )


def test_periods_that_follow_each_other_fit_together(clock):
    week = days(clock, 7)
    at(clock, week[0])
    by = rich(cedis(1))
    for day in week[1:]:
        at(clock, day)
        rich(cedis(day.day), by.user_id)
    parts = [of(by, day, day) for day in week]
    assert all(before.closing == after.opening for before, after in pairwise(parts))
    assert sum(len(part.movements) for part in parts) == 7
    assert parts[-1].closing.minor == in_wallet(by.user_id)


def test_a_day_is_from_midnight_to_midnight_utc(clock):
    [day] = days(clock, 1)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    clock.advance(seconds=(midnight - clock.now()).total_seconds() - 60)
    by = rich(cedis(1))
    clock.advance(seconds=120)
    rich(cedis(2), by.user_id)
    assert [m.amount for m in of(by, day, day).movements] == [cedis(1)]
    next_day = day + timedelta(days=1)
    assert [m.amount for m in of(by, next_day, next_day).movements] == [cedis(2)]


def test_titles_of_work_stand_on_it(clock):
    funding = FundingFactory(title="Cabinets fitted")
    by = rich(funding.amount, funding.hirer_id)
    actions.fund_escrow(funding)
    today = clock.now().date()
    assert [m.title for m in of(by, today, today).movements] == ["", "Cabinets fitted"]


def test_a_wallet_that_never_was_has_an_empty_statement(clock):
    today = clock.now().date()
    empty = period_statement(user_id=new_id(), currency="JPY", first=today, last=today, most=10)
    assert (empty.movements, empty.opening, empty.closing) == ([], Money(0, "JPY"), Money(0, "JPY"))


def test_other_currencies_are_other_statements(clock):
    by = rich(cedis(5))
    rich(Money(700, "JPY"), by.user_id)
    today = clock.now().date()
    assert [m.amount for m in of(by, today, today, currency="JPY").movements] == [Money(700, "JPY")]


def test_too_much_for_one_statement_is_refused_and_not_cut(clock):
    by = rich(cedis(1))
    for _ in range(3):
        rich(cedis(1), by.user_id)
    today = clock.now().date()
    assert len(of(by, today, today, most=4).movements) == 4
    with pytest.raises(rules.StatementTooLong):
        of(by, today, today, most=3)
