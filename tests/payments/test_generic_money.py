"""Money in the words of other domains, over the interface: a trip's fare held, captured, refunded, paid in cash.

The example of docs/generic-money.md, step by step.
"""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connections

from domains.payments import rules, tasks
from domains.payments.actions import holds
from domains.payments.models import LedgerAccount, LedgerTransaction, MoneyHold
from kelmah import clock as time
from kelmah.db import atomic
from kelmah.errors import DomainError, InvalidTransition, NotFound
from kelmah.ids import new_id
from kelmah.interfaces.payments.calls import payments
from kelmah.interfaces.payments.refusals import AccountUnknown, InsufficientFunds, LedgerKeyReused, LinesDoNotFit
from kelmah.interfaces.payments.types import MoneyLine
from tests.payments.factories import cedis, in_wallet, rich

pytestmark = pytest.mark.domain("payments")


def line(owner, purpose, amount):
    return MoneyLine(owner=owner, purpose=purpose, amount=cedis(amount))


class Trip:
    """A rider with 50 cedis, a driver, and the fare of a trip."""

    def __init__(self) -> None:
        self.rider, self.driver = rich(cedis(50)).user_id, new_id()
        self.key, self.source = f"trip:{new_id()}:fare", f"trips.trip:{new_id()}"

    @property
    def earner(self) -> str:
        return f"user:{self.driver}"

    def hold(self, amount=20, **changes):
        usual = {"key": self.key, "payer_id": self.rider, "amount": cedis(amount), "purpose": "fare"}
        return payments.hold(**{**usual, "source": self.source, **changes})

    def fare(self, share=14.4, commission=3.6):
        return [line(self.earner, "earnings", share), line("platform", "commission", commission)]

    def capture(self, *amounts):
        return payments.capture(key=self.key, lines=self.fare(*amounts))

    def post_cash(self, key="cash", fare=18, share=14.4):
        """The driver was paid in cash: all of it is theirs to hand over, less what they earned."""
        lines = [line(self.earner, "receivable", -fare), line(self.earner, "receivable", share)]
        commission = line("platform", "commission", round(fare - share, 2))
        payments.post(key=f"{self.key}:{key}", source=self.source, purpose="cash_fare", lines=[*lines, commission])

    def owes(self):
        return -payments.balance_of(owner=self.earner, purpose="receivable", currency="GHS").minor


@pytest.fixture
def trip() -> Trip:
    return Trip()


def commission() -> int:
    fees = LedgerAccount.objects.filter(key__startswith="platform:fee:GHS:").values_list("balance", flat=True)
    return sum(fees)


def test_a_fare_is_held_and_captured_less_commission_and_the_rest_goes_back(trip):
    held = trip.hold()
    assert (held.state, held.amount, in_wallet(trip.rider)) == ("held", cedis(20), 3000)
    captured = trip.capture()
    assert (captured.state, captured.captured) == ("captured", cedis(18))
    assert (in_wallet(trip.rider), in_wallet(trip.driver), commission()) == (3200, 1440, 360)


def test_cash_collected_is_a_receivable_and_the_next_earnings_pay_it_first(trip):
    trip.post_cash()
    assert (trip.owes(), in_wallet(trip.driver), commission()) == (360, 0, 360)
    trip.hold()
    trip.capture()
    assert (trip.owes(), in_wallet(trip.driver), commission()) == (0, 1440 - 360, 720)


def test_a_debt_larger_than_the_earnings_takes_them_whole(trip):
    trip.post_cash(fare=100, share=80)
    trip.hold()
    trip.capture()
    assert (trip.owes(), in_wallet(trip.driver)) == (2000 - 1440, 0)


def test_two_earnings_in_one_posting_pay_a_debt_once(trip):
    trip.post_cash()
    trip.hold()
    halves = [line(trip.earner, "earnings", 2), line(trip.earner, "earnings", 2)]
    payments.capture(key=trip.key, lines=halves)
    assert (trip.owes(), in_wallet(trip.driver), in_wallet(trip.rider)) == (0, 40, 4600)


def test_everything_said_twice_is_done_once(trip):
    for _ in range(2):
        trip.hold()
        trip.post_cash()
    for _ in range(2):
        trip.capture()
    back = [line(trip.earner, "available", -5)]
    for _ in range(2):
        payments.refund(key=trip.key, refund_key="late", lines=back)
    assert (trip.owes(), in_wallet(trip.driver), in_wallet(trip.rider)) == (0, 1080 - 500, 3200 + 500)
    assert LedgerTransaction.objects.filter(reference__source=trip.source).count() == 4


def test_a_key_used_for_something_else_is_refused(trip):
    trip.hold()
    trip.post_cash()
    with pytest.raises(LedgerKeyReused):
        trip.hold(21)
    with pytest.raises(LedgerKeyReused):
        trip.post_cash(fare=19)
    trip.capture()
    with pytest.raises(InvalidTransition):
        trip.capture(14.3, 3.7)
    payments.refund(key=trip.key, refund_key="late", lines=[line(trip.earner, "available", -1)])
    with pytest.raises(LedgerKeyReused):
        payments.refund(key=trip.key, refund_key="late", lines=[line(trip.earner, "available", -2)])
    assert in_wallet(trip.rider) == 3300


def test_a_hold_ends_once(trip):
    trip.hold()
    for _ in range(2):
        assert payments.release(key=trip.key).state == "released"
    with pytest.raises(InvalidTransition):
        trip.capture()
    assert in_wallet(trip.rider) == 5000
    with pytest.raises(NotFound):
        payments.release(key="never")


def test_a_hold_that_nobody_captures_goes_back_by_the_clock(trip, clock):
    trip.hold(expires_at=time.now() + timedelta(hours=6))
    clock.advance(hours=7)
    assert (tasks.run_deadlines(), in_wallet(trip.rider)) == (1, 5000)
    assert payments.release(key=trip.key).state == "expired"
    with pytest.raises(InvalidTransition):
        trip.capture()


def test_a_captured_hold_is_not_expired(trip, clock):
    trip.hold(expires_at=time.now() + timedelta(hours=6))
    trip.capture()
    clock.advance(hours=7)
    assert (tasks.run_deadlines(), in_wallet(trip.rider)) == (0, 3200)


def test_no_more_is_held_than_is_there_and_none_captured_than_is_held(trip):
    with pytest.raises(InsufficientFunds):
        trip.hold(50.01)
    assert not MoneyHold.objects.exists()
    trip.hold()
    for amounts in ((20, 0.01), (0, 0), (21, -1)):
        with pytest.raises(LinesDoNotFit):
            trip.capture(*amounts)
    assert in_wallet(trip.driver) == 0


def test_no_more_is_refunded_than_was_captured_nor_than_somebody_has(trip):
    trip.hold()
    with pytest.raises(InvalidTransition):
        payments.refund(key=trip.key, refund_key="early", lines=[line("platform", "commission", -1)])
    trip.capture()
    with pytest.raises(LinesDoNotFit):
        payments.refund(key=trip.key, refund_key="all", lines=[line("platform", "penalty", -18.01)])
    with pytest.raises(InsufficientFunds):
        payments.refund(key=trip.key, refund_key="all", lines=[line(trip.earner, "available", -14.41)])
    back = [line(trip.earner, "available", -14.4), line("platform", "commission", -3.6)]
    payments.refund(key=trip.key, refund_key="all", lines=back)
    assert (in_wallet(trip.rider), in_wallet(trip.driver), commission()) == (5000, 0, 0)


def test_deposits_of_other_owners_are_kept_apart_and_never_below_zero(trip):
    fleet = f"fleet:{new_id()}"
    deposit = [line(f"user:{trip.rider}", "available", -30), line(fleet, "deposit", 30)]
    payments.post(key="deposit:1", source="fleet.fleet:1", purpose="deposit", lines=deposit)
    assert payments.balance_of(owner=fleet, purpose="deposit", currency="GHS") == cedis(30)
    penalty = [line(fleet, "deposit", -30.01), line("platform", "penalty", 30.01)]
    with pytest.raises(InsufficientFunds):
        payments.post(key="penalty:1", source="fleet.fleet:1", purpose="penalty", lines=penalty)


@pytest.mark.parametrize(
    ("owner", "purpose"),
    [
        ("user:x", "available"),
        ("escrow", "available"),
        ("gw:sandbox", "available"),
        ("platform", "fee:GHS"),
        ("user:01930d2a-0a00-7b22-8c22-4d8b6b2e0f02:available", "x"),
        ("User:01930d2a-0a00-7b22-8c22-4d8b6b2e0f02", "available"),
    ],
)
def test_no_name_reaches_accounts_that_are_not_the_owners(owner, purpose, trip):
    """Escrows, gateways, suspense and payouts are payments' own: no owner and purpose spells them."""
    with pytest.raises(AccountUnknown):
        payments.balance_of(owner=owner, purpose=purpose, currency="GHS")
    lines = [line(owner, purpose, 1), line(f"user:{trip.rider}", "available", -1)]
    with pytest.raises(AccountUnknown):
        payments.post(key="odd", source="x", purpose="odd", lines=lines)


def test_nobody_is_paid_a_debt_that_is_not_there_and_only_people_owe(trip):
    trip.post_cash()
    for owner, refusal in ((trip.earner, LinesDoNotFit), (f"fleet:{new_id()}", AccountUnknown)):
        lines = [line(owner, "receivable", 3.61), line("platform", "goodwill", -3.61)]
        with pytest.raises(refusal):
            payments.post(key="odd", source="x", purpose="odd", lines=lines)
    assert trip.owes() == 360


def test_lines_that_do_not_sum_to_zero_are_refused(trip):
    for lines in ([], [line("platform", "penalty", 1)]):
        with pytest.raises(LinesDoNotFit):
            payments.post(key="odd", source="x", purpose="odd", lines=lines)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("state = 'gone', settled_at = now()", "hold_state"),
        ("amount_minor = 0", "hold_adds_up"),
        ("state = 'captured', settled_at = now()", "hold_captured_something"),
        ("state = 'captured', settled_at = now(), captured_minor = amount_minor + 1", "hold_adds_up"),
        ("refunded_minor = 1", "hold_adds_up"),
        ("state = 'released'", "hold_settled_has_date"),
    ],
)
def test_the_database_refuses_holds_that_make_no_sense(trip, change, constraint):
    from domains.payments.queries import broken_constraint

    trip.hold()
    with pytest.raises(DatabaseError) as error, atomic("payments"), connections["payments"].cursor() as cursor:
        cursor.execute(f"UPDATE payments_moneyhold SET {change}")
    assert broken_constraint(error.value) == constraint


@pytest.mark.domain("payments", transaction=True)
def test_capture_release_and_the_clock_at_once_are_one_end(race, clock):
    for _ in range(10):
        trip = Trip()
        trip.hold(expires_at=time.now() + timedelta(minutes=1))
        clock.advance(minutes=2)
        race(
            [
                trip.capture,
                lambda t=trip: payments.release(key=t.key),
                tasks.run_deadlines,
                lambda t=trip: t.capture(10, 2),
            ]
        )
        outcome = (in_wallet(trip.rider), in_wallet(trip.driver))
        assert outcome in {(3200, 1440), (5000, 0), (3800, 1000)}


@pytest.mark.domain("payments", transaction=True)
def test_eight_earnings_at_once_pay_a_debt_once(race):
    trip = Trip()
    trip.post_cash(fare=50, share=40)
    rides = []
    for _ in range(8):
        ride = Trip()
        ride.driver = trip.driver
        ride.hold()
        rides.append(ride)
    race([ride.capture for ride in rides])
    assert (trip.owes(), in_wallet(trip.driver)) == (0, 8 * 1440 - 1000)


@pytest.mark.domain("payments", transaction=True)
def test_refunds_at_once_give_back_no_more_than_was_captured(race):
    trip = Trip()
    trip.hold()
    trip.capture()
    back = [line("platform", "goodwill", -10)]
    outcome = race([lambda n=n: payments.refund(key=trip.key, refund_key=str(n), lines=back) for n in range(4)])
    assert sum(isinstance(result, DomainError) for result in outcome) == 3
    assert in_wallet(trip.rider) == 4200


def test_the_hold_of_one_domain_is_told_apart_by_its_key(trip):
    held = holds.hold(
        holds.Wanted(
            key="a", payer_id=trip.rider, amount=cedis(1), purpose="fare", source="trips.trip:1", expires_at=None
        )
    )
    assert rules.floor_of(f"hold:{held.id}") == 0
