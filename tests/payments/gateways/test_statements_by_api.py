"""Statements that gateways tell by API: one that can't now keeps nobody else's away, and is asked again."""

from datetime import date, timedelta

import pytest

from domains.payments.actions.statements import fetch_statements
from domains.payments.models import Statement
from kelmah import clock as kelmah_clock
from tests.payments.gateways.stripe_peer import Stripe, _stripe_process, stripe_peer

__all__ = ["_stripe_process", "stripe_peer"]

pytestmark = pytest.mark.domain("payments")
NOBODY_THERE = "http://127.0.0.1:9"


@pytest.fixture
def today(stripe_peer: Stripe, settings) -> date:
    """Something was charged at Stripe; of Paystack, which is offered, too, nothing is to be had."""
    settings.GATEWAYS = ["paystack", "stripe"]
    settings.PAYSTACK_API_URL = NOBODY_THERE
    stripe_peer.settled(stripe_peer.order())
    return kelmah_clock.now().date()


def days_of(gateway: str) -> set[date]:
    return set(Statement.objects.filter(gateway=gateway).values_list("first_day", flat=True))


def test_a_gateway_that_is_down_keeps_nobody_elses_statement_away(today, clock):
    clock.advance(days=1)
    assert fetch_statements() == 1
    assert (days_of("stripe"), days_of("paystack")) == ({today}, set())


def test_days_that_a_gateway_could_not_tell_are_asked_for_again(today, clock, settings):
    address = settings.STRIPE_API_URL
    clock.advance(days=1)
    fetch_statements()
    settings.STRIPE_API_URL = NOBODY_THERE
    clock.advance(days=1)
    fetch_statements()
    clock.advance(days=1)
    assert (fetch_statements(), days_of("stripe")) == (0, {today})
    settings.STRIPE_API_URL = address
    clock.advance(days=1)
    fetch_statements()
    assert days_of("stripe") == {today + timedelta(days=each) for each in range(4)}


def test_days_before_the_first_statement_and_those_of_long_ago_are_not_asked_for(today, clock):
    clock.advance(days=1)
    fetch_statements()
    clock.advance(days=30)
    fetch_statements()
    assert days_of("stripe") == {today, *(today + timedelta(days=each) for each in range(17, 31))}


def test_a_gateway_that_is_no_longer_offered_is_asked_while_its_secrets_are_there(today, clock, settings):
    """What was begun there still moves."""
    clock.advance(days=1)
    fetch_statements()
    settings.GATEWAYS = ["paystack"]
    clock.advance(days=1)
    assert (fetch_statements(), days_of("stripe")) == (1, {today, today + timedelta(days=1)})
    settings.STRIPE_SECRET_KEY = ""
    clock.advance(days=1)
    assert fetch_statements() == 0
