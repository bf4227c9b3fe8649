"""Money that anybody pays to an owner's address: in the owner's account once, and nobody's in suspense."""

import pytest
from django.db import DatabaseError, connections
from django.test import Client

from domains.payments import actions, queries, rules
from domains.payments.actions import privacy
from domains.payments.actions import suspense as desk
from domains.payments.actions.addresses import address_of, follow_credit
from domains.payments.actions.reconciliation import reconcile
from domains.payments.actions.statements import fetch_statement
from domains.payments.gateways import Facts, Rejected, Succeeded
from domains.payments.models import LedgerTransaction, StatementEntry, Suspended, VirtualAddress, WebhookEvent
from domains.payments.rules import owners
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import Unavailable
from kelmah.ids import new_id
from kelmah.interfaces.payments.calls import payments
from kelmah.interfaces.payments.events import AddressCredited
from kelmah.interfaces.payments.refusals import AccountUnknown, AddressNotOffered
from kelmah.interfaces.payments.types import MoneyLine
from kelmah.money import Money
from tests.payments.factories import cedis, in_wallet, ruling
from tests.payments.provider import Provider, Webhook

in_one_transaction = pytest.mark.domain("payments")


class Vehicle:
    """A vehicle with a code on its window; whoever scans it pays its rent."""

    def __init__(self, *, owner: str = "", purpose: str = "rent") -> None:
        self.named = {"owner": owner or f"vehicle:{new_id()}", "purpose": purpose, "currency": "GHS"}

    def address(self) -> VirtualAddress:
        return address_of(**self.named)

    def has(self) -> int:
        return payments.balance_of(**self.named).minor


def deliver(*webhooks: Webhook) -> None:
    for headers, body in webhooks:
        signature = {"Sandbox-Signature": headers["Sandbox-Signature"]}
        answer = Client().post("/api/v1/webhooks/sandbox", body, content_type="application/json", headers=signature)
        assert answer.status_code == 200


def paid(provider: Provider, address: str, *, minor: int = 1500, times: int = 1, **change: str) -> str:
    """Somebody pays, and we are told so many times, each time by another event."""
    ref = provider.pay(address, minor, times=times, **change)
    deliver(*provider.webhooks_about(ref, count=times))
    return ref


def suspended() -> int:
    return queries.balance_of(rules.suspense("sandbox", "GHS"), "GHS").minor


# Rules


@pytest.mark.parametrize(
    ("owner", "purpose"),
    [
        ("user:01930d2a-0a00-7b22-8c22-4d8b6b2e0f02", "receivable"),
        ("vehicle", "rent"),
        ("vehicle:1", "rent"),
        ("vehicle:01930d2a-0a00-7b22-8c22-4d8b6b2e0f02", "Rent"),
        ("escrow", "available"),
    ],
)
def test_nobody_pays_into_a_debt_or_into_what_is_no_account(owner, purpose):
    with pytest.raises(AccountUnknown):
        owners.check_payable(owner, purpose, "GHS")


def test_wallets_deposits_and_the_platform_can_be_paid():
    for owner, purpose in (("user", "available"), ("user", "earnings"), ("fleet", "deposit")):
        owners.check_payable(f"{owner}:{new_id()}", purpose, "GHS")
    owners.check_payable("platform", "penalty", "GHS")


# Addresses


@in_one_transaction
def test_an_owner_and_a_purpose_have_one_address_for_ever(provider):
    vehicle = Vehicle()
    first, again = (payments.virtual_address(**vehicle.named) for _ in range(2))
    assert first == again
    assert (first.owner, first.data.keys()) == (vehicle.named["owner"], {"account_number"})
    other = payments.virtual_address(**{**vehicle.named, "purpose": "deposit"})
    assert other.data != first.data


@in_one_transaction
def test_where_no_provider_gives_addresses_it_is_said(settings):
    settings.GATEWAYS = ["mtn_momo", "bank"]
    with pytest.raises(AddressNotOffered):
        payments.virtual_address(**Vehicle().named)
    with pytest.raises(AccountUnknown):
        payments.virtual_address(owner="escrow", purpose="rent", currency="GHS")
    assert not VirtualAddress.objects.exists()


@in_one_transaction
def test_a_provider_that_is_down_opens_it_later_under_the_same_key(provider, settings):
    vehicle, there = Vehicle(), settings.SANDBOX_GATEWAY_URL
    settings.SANDBOX_GATEWAY_URL = "http://127.0.0.1:9"
    with pytest.raises(Unavailable):
        vehicle.address()
    waiting = VirtualAddress.objects.get()
    settings.SANDBOX_GATEWAY_URL = there
    assert (waiting.ref, vehicle.address().id) == ("", waiting.id)
    assert vehicle.address().ref


# What is paid to them


@in_one_transaction
def test_what_is_paid_is_the_owners_once_however_often_it_is_told(provider, drain):
    """Row 12."""
    vehicle, other = Vehicle(), Vehicle()
    other.address()
    for minor in (1500, 1500):
        paid(provider, vehicle.address().ref, minor=minor, times=2)
    drain()
    assert (vehicle.has(), other.has(), suspended()) == (3000, 0, 0)
    assert queries.balance_of(rules.gateway("sandbox", "GHS"), "GHS") == -cedis(30)


@in_one_transaction
def test_a_vertical_hears_once_of_what_arrived_and_nobody_of_what_is_nobodys(provider, published, drain):
    """Row 12."""
    vehicle = Vehicle()
    ref = paid(provider, vehicle.address().ref, times=3)
    paid(provider, "ad_0123456789abcdef")
    drain()
    fetch_statement(gateway="sandbox", day=clock.now().date())
    reconcile(gateway="sandbox")
    [told] = published.of(AddressCredited)
    assert (told.owner, told.purpose, told.amount) == (vehicle.named["owner"], "rent", cedis(15))
    assert (told.address_id, told.credit, told.user_id) == (vehicle.address().id, f"sandbox:{ref}", None)


@in_one_transaction
def test_whoever_paid_is_not_kept(provider, drain):
    paid(provider, Vehicle().address().ref)
    assert bytes(WebhookEvent.objects.get().body) != b""
    drain()
    assert bytes(WebhookEvent.objects.get().body) == b""


@in_one_transaction
def test_earnings_pay_what_their_owner_owes_first(provider, drain):
    driver = f"user:{new_id()}"
    owed = MoneyLine(owner=driver, purpose="receivable", amount=-cedis(10))
    ours = MoneyLine(owner="platform", purpose="commission", amount=cedis(10))
    payments.post(key="cash", source="trips.trip:1", purpose="cash_fare", lines=[owed, ours])
    paid(provider, Vehicle(owner=driver, purpose="earnings").address().ref, times=2)
    drain()
    left = payments.balance_of(owner=driver, purpose="receivable", currency="GHS")
    assert (left.minor, in_wallet(owners.user_of(driver))) == (0, 500)


@in_one_transaction
@pytest.mark.parametrize("twist", ["nobody's address", "another currency"])
def test_what_is_nobodys_stands_in_suspense_once_and_staff_say_whose_it_is(provider, drain, twist):
    """Row 20."""
    address, currency = Vehicle().address().ref, "GHS"
    if twist == "another currency":
        currency = "USD"
    else:
        address = "ad_0123456789abcdef"
    paid(provider, address, times=2, currency=currency)
    drain()
    [suspense] = Suspended.objects.all()
    assert suspense.amount == Money(1500, currency)
    proposal = desk.propose(item=suspense.id, credit_to=None, ruling=ruling())
    desk.carry_out(proposal_id=proposal.id, ruling=ruling())
    assert not Suspended.objects.exists()


@in_one_transaction
@pytest.mark.parametrize("change", [{"account": "others"}, {"live": True}])
def test_what_never_came_to_our_account_is_booked_nowhere(provider, change):
    """Row 20."""
    vehicle = Vehicle()
    usual = {"ref": "cr_1", "key": None, "amount": cedis(15), "account": "kelmah", "live": False}
    facts = Facts(**{**usual, "of": vehicle.address().ref, **change})
    assert follow_credit(gateway="sandbox", outcome=Succeeded(facts=facts))
    assert not LedgerTransaction.objects.exists()


@in_one_transaction
def test_what_did_not_arrive_is_booked_nowhere(provider):
    assert follow_credit(gateway="sandbox", outcome=Rejected(code="failure"))
    assert not LedgerTransaction.objects.exists()


@in_one_transaction
def test_a_payment_of_which_no_webhook_came_is_found_by_the_statement_and_told_late_it_is_booked_once(
    provider, published, drain
):
    """Row 32."""
    vehicle = Vehicle()
    ref = provider.pay(vehicle.address().ref, 1500)
    fetch_statement(gateway="sandbox", day=clock.now().date())
    reconcile(gateway="sandbox")
    assert (vehicle.has(), StatementEntry.objects.get(ref=ref).verdict) == (1500, "matched")
    assert len(published.of(AddressCredited)) == 1
    deliver(*provider.webhooks_about(ref, count=1))
    drain()
    assert (vehicle.has(), len(published.of(AddressCredited))) == (1500, 1)


@in_one_transaction
def test_after_its_owner_has_left_an_address_is_nobodys(provider, drain):
    """Row 35."""
    vehicle = Vehicle(owner=f"user:{new_id()}", purpose="available")
    address = vehicle.address().ref
    privacy._erase(owners.user_of(vehicle.named["owner"]))
    paid(provider, address)
    drain()
    assert (vehicle.has(), suspended()) == (0, 1500)


@in_one_transaction
@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("SET owner = 'a:1', purpose = 'rent'", "address_once"),
        ("SET ref = 'one'", "address_stands_for_one"),
    ],
)
def test_the_database_refuses_a_second_address_and_a_second_owner(change, constraint):
    for owner in ("a:1", "b:2"):
        VirtualAddress.objects.create(
            owner=owner, purpose="rent", currency="GHS", gateway="sandbox", created_at=clock.now()
        )
    with pytest.raises(DatabaseError) as error, atomic("payments"), connections["payments"].cursor() as cursor:
        cursor.execute(f"UPDATE payments_virtualaddress {change}")
    assert queries.broken_constraint(error.value) == constraint


# At once


@pytest.mark.domain("payments", transaction=True)
@pytest.mark.parametrize("known", [True, False])
def test_one_payment_told_by_eight_events_at_once_is_booked_once(provider, race, published, known):
    """Row 12."""
    vehicle = Vehicle(owner=f"user:{new_id()}", purpose="earnings")
    paid(provider, vehicle.address().ref if known else "ad_0123456789abcdef", times=8)
    events = list(WebhookEvent.objects.values_list("pk", flat=True))
    outcome = race([lambda pk=pk: actions.process_webhook(event_pk=pk) for pk in events])
    assert outcome == [None] * 8
    assert WebhookEvent.objects.filter(processed_at=None).count() == 0
    assert (vehicle.has(), suspended()) == ((1500, 0) if known else (0, 1500))
    assert len(published.of(AddressCredited)) == (1 if known else 0)


@pytest.mark.domain("payments", transaction=True)
def test_eight_who_ask_for_an_address_at_once_are_told_the_same(provider, race):
    vehicle = Vehicle()
    told = race(lambda: vehicle.address().data["account_number"], 8)
    assert len(set(told)) == 1
    assert VirtualAddress.objects.count() == 1
