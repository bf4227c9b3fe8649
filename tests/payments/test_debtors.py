"""Somebody who owes has, until that is paid, only what is left besides: in whatever way they would take it out."""

from decimal import Decimal

import pytest

from domains.payments import actions, rules
from domains.payments.actions import exchange, holds
from domains.payments.actions.weeks import charge_week
from domains.payments.models import Escrow
from domains.payments.tasks import collect_debts
from kelmah import clock as time
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import EscrowFundingFailed
from tests.payments.disputed import charge_of, disputed, emptied
from tests.payments.factories import FundingFactory, cedis, in_wallet, rich
from tests.payments.test_weeks import week

pytestmark = pytest.mark.domain("payments")


def debtor(owes, has):
    """A bank took back what they had taken out; then something came in, and nobody has collected yet."""
    by = rich(cedis(owes))
    charge = charge_of(by.user_id)
    emptied(by.user_id, cedis(owes))
    disputed(charge)
    return rich(cedis(has), by.user_id)


def held(by, amount, key="trip:1"):
    wanted = {"key": key, "payer_id": by.user_id, "amount": cedis(amount), "purpose": "fare", "source": "trips.trip:1"}
    return holds.hold(holds.Wanted(**wanted, expires_at=None))


def test_work_is_funded_from_what_is_left_besides_the_debt(published):
    by = debtor(owes=100, has=150)
    actions.fund_escrow(FundingFactory(hirer_id=by.user_id, amount=cedis(60)))
    assert [event.reason for event in published.of(EscrowFundingFailed)] == ["insufficient_funds"]
    actions.fund_escrow(FundingFactory(hirer_id=by.user_id, amount=cedis(50)))
    assert Escrow.objects.get().amount == cedis(50)
    collect_debts()
    assert in_wallet(by.user_id) == 0


def test_a_debtor_changes_nothing_into_another_currency():
    exchange.keep_rates({"GHS": Decimal("10.95")}, origin="Bank of Ghana", observed_at=time.now())
    by = debtor(owes=100, has=150)
    for amount, changed in ((60, False), (50, True)):
        quote = exchange.quote(by=by, sold=cedis(amount), into="USD")
        if changed:
            exchange.accept(by=by, quote_id=quote.id)
        else:
            with pytest.raises(rules.InsufficientFunds):
                exchange.accept(by=by, quote_id=quote.id)
    assert in_wallet(by.user_id) == 10000


def test_neither_a_hold_nor_a_week_takes_what_is_owed():
    by = debtor(owes=100, has=150)
    with pytest.raises(rules.InsufficientFunds):
        held(by, 60)
    with pytest.raises(rules.InsufficientFunds):
        charge_week(week(hirer_id=by.user_id))
    assert held(by, 50).amount == cedis(50)


def test_a_debt_that_is_paid_hinders_nothing():
    by = debtor(owes=100, has=150)
    collect_debts()
    assert held(by, 50).amount == cedis(50)


@pytest.mark.domain("payments", transaction=True)
def test_what_is_left_besides_a_debt_is_spent_once(race):
    for _ in range(5):
        by = debtor(owes=100, has=150)
        outcome = race([lambda by=by: held(by, 50, key=f"trip:{new_id()}") for _ in range(4)])
        assert sum(isinstance(each, rules.InsufficientFunds) for each in outcome) == 3
        assert in_wallet(by.user_id) == 10000
