"""The adapter of Paystack beside a server that behaves as Paystack's documentation says."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import httpx
import pytest
from django.test import Client, override_settings

from domains.payments import actions, rules
from domains.payments.actions import refunds
from domains.payments.actions.foreign_refunds import follow_foreign_refund
from domains.payments.actions.reconciliation import reconcile
from domains.payments.actions.statements import fetch_statement
from domains.payments.gateways import Order, Outcome, Pending, Rejected, Returned, Succeeded, Unknown
from domains.payments.gateways.paystack import PaystackGateway
from domains.payments.models import Chargeback, Deposit, GatewayCommand, Refund, StatementEntry
from domains.payments.queries.invariants import contradictions
from domains.payments.tasks import resolve_commands
from kelmah import clock as kelmah_clock
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.principal import Principal
from tests.payments.factories import cedis, in_wallet, rich, somebody, state_of
from tests.payments.gateways.contract import Contract
from tests.payments.gateways.subject import Subject, Webhook
from tests.peers.running import Running, peer

KEY = "sk_test_0001"
CHECKOUT = "checkout:ama@example.com"


def wallet(number: str) -> str:
    return f"mobile_money:mtn:{number}:ama@example.com"


def account(number: str) -> str:
    return f"nuban:Kofi: Boateng:058:{number}"


PAYS, FAILS, WAITS, PAYS_LESS = map(wallet, ("0551234987", "0551234980", "0551234981", "0551234989"))
RECEIVES, REFUSES, HELD_UP, COMES_BACK, ASKS_CODE, GETS_LESS = (
    account(f"0100000001{digit}") for digit in ("4", "0", "1", "2", "3", "9")
)


@pytest.fixture(scope="module")
def _process() -> Iterator[Running]:
    with peer("paystack", key=KEY) as running:
        yield running


@pytest.fixture
def paystack(_process: Running, settings) -> Iterator[Running]:
    settings.PAYSTACK_API_URL = _process.url
    settings.PAYSTACK_SECRET_KEY = KEY
    settings.PAYSTACK_OLD_SECRET_KEYS = []
    settings.PAYSTACK_INTEGRATION = "463433"
    settings.PAYSTACK_CURRENCIES = ["GHS", "NGN", "USD", "XOF"]
    settings.GATEWAYS = ["paystack", "sandbox"]
    yield _process
    _process.calm()


def order(instrument: str = PAYS, *, kind: str = "charge", minor: int = 1250, of: str = "") -> Order:
    return Order(key=new_id(), kind=kind, amount=Money(minor, "GHS"), instrument=instrument, of=of)


def decided(wanted: Order) -> Outcome:
    """What became of it once it is carried out."""
    deadline = time.monotonic() + 5
    while isinstance(outcome := PaystackGateway().query(wanted), Pending):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return outcome


def done(wanted: Order) -> Succeeded:
    PaystackGateway().submit(wanted)
    outcome = decided(wanted)
    assert isinstance(outcome, Succeeded)
    return outcome


def test_currencies_that_it_counts_in_other_units_are_not_served(paystack):
    assert PaystackGateway().capabilities.charges == {"GHS", "NGN", "USD"}


# Charges


def test_a_checkout_sends_the_payer_there_and_waits_though_it_is_called_abandoned(paystack):
    wanted = order(CHECKOUT)
    first = PaystackGateway().submit(wanted)
    assert isinstance(first, Pending)
    assert first.next_action is not None
    assert first.next_action.kind == "redirect"
    assert isinstance(PaystackGateway().query(wanted), Pending)
    httpx.post(first.next_action.data["url"], json={"status": "success"}).raise_for_status()
    paid = PaystackGateway().query(wanted)
    assert isinstance(paid, Succeeded)
    assert (paid.facts.amount, paid.facts.fee) == (Money(1250, "GHS"), Money(15, "GHS"))


def test_a_checkout_that_nobody_paid_for_a_day_is_over(paystack, clock):
    wanted = order(CHECKOUT)
    PaystackGateway().submit(wanted)
    clock.advance(hours=25)
    outcome = PaystackGateway().query(wanted)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "abandoned"


def test_a_wallet_is_told_what_to_do(paystack):
    first = PaystackGateway().submit(order(PAYS))
    assert isinstance(first, Pending)
    assert first.next_action is not None
    assert (first.next_action.kind, "mobile phone" in first.next_action.data["text"]) == ("approve_on_phone", True)


def test_what_was_paid_is_what_paystack_says_not_what_we_asked(paystack):
    """Row 20."""
    assert done(order(PAYS_LESS)).facts.amount == Money(1249, "GHS")


def test_a_refused_repetition_does_not_hide_that_the_first_went_through(paystack):
    wanted = order()
    done(wanted)
    again = PaystackGateway().submit(wanted)  # a 400 there: the reference is used
    assert isinstance(again, Succeeded)
    assert len(paystack.movements(wanted.key)) == 1


@pytest.mark.parametrize("fault", ["deny", "limit", "refuse"])
def test_trouble_with_access_is_no_refusal_of_the_order(paystack, fault):
    paystack.fault("POST /charge", fault)
    assert isinstance(PaystackGateway().submit(order()), Unknown)


# Transfers


def test_a_payout_names_its_fee(paystack):
    paid = done(order(RECEIVES, kind="payout"))
    assert paid.facts.fee == Money(100, "GHS")


@pytest.mark.parametrize(
    ("instrument", "settled"), [(HELD_UP, Succeeded), (ASKS_CODE, Succeeded), (COMES_BACK, Returned)]
)
def test_a_transfer_is_followed_through_its_states(paystack, instrument, settled):
    """Row 25: success, then reversed."""
    wanted = order(instrument, kind="payout")
    PaystackGateway().submit(wanted)
    time.sleep(0.15)
    assert isinstance(PaystackGateway().query(wanted), Succeeded if instrument == COMES_BACK else Pending)
    paystack.settle()
    assert isinstance(PaystackGateway().query(wanted), settled)


def test_an_account_that_does_not_exist_is_a_refusal_before_anything_moved(paystack):
    wanted = order("nuban:Kofi Boateng:058:none", kind="payout")
    assert PaystackGateway().submit(wanted) == Rejected(code="invalid_params")
    assert paystack.movements(wanted.key) == []


def test_a_transfer_of_less_is_told_as_what_it_was(paystack):
    assert done(order(GETS_LESS, kind="payout")).facts.amount == Money(1249, "GHS")


# Refunds: no key keeps them from being done twice


@pytest.mark.parametrize("fault", ["silence", "error", "garbage"])
def test_a_refund_without_an_answer_is_found_by_its_note_and_not_given_twice(paystack, fault):
    """Row 24."""
    charge = done(order())
    wanted = order("", kind="refund", minor=500, of=charge.facts.ref)
    paystack.fault("POST /refund", fault)
    assert isinstance(PaystackGateway().submit(wanted), Unknown)
    for _ in range(2):
        assert isinstance(PaystackGateway().submit(wanted), Pending | Succeeded)
    assert isinstance(decided(wanted), Succeeded)
    assert len(paystack.movements(wanted.key, kind="refund")) == 1


def test_a_refund_that_is_not_listed_is_called_absent_only_after_a_while(paystack, clock):
    """It may be on its way: sent again too early it would be given twice."""
    wanted = order("", kind="refund", of="x")
    soon = PaystackGateway().query(wanted)
    clock.advance(minutes=11)
    late = PaystackGateway().query(wanted)
    assert [(type(each), each.absent) for each in (soon, late) if isinstance(each, Unknown)] == [
        (Unknown, False),
        (Unknown, True),
    ]


def test_a_refund_that_paystack_made_for_somebody_else_is_not_ours(paystack):
    charge = done(order())
    access = {"Authorization": f"Bearer {KEY}"}
    made = httpx.post(f"{paystack.url}/refund", json={"transaction": charge.facts.ref}, headers=access).json()
    fetched = PaystackGateway().fetch("refund", str(made["data"]["id"]))
    assert isinstance(fetched, Pending | Succeeded)
    assert (fetched.facts.key, fetched.facts.of) == (None, charge.facts.ref)


# Webhooks


def signed(event: object, *, key: str = KEY) -> Webhook:
    body = json.dumps(event).encode()
    return {"X-Paystack-Signature": hmac.new(key.encode(), body, hashlib.sha512).hexdigest()}, body


def test_a_webhook_of_the_key_before_is_believed_until_that_is_taken_out(paystack, settings):
    """Row 21: rotation."""
    webhook = signed({"event": "charge.success", "data": {"reference": "x1"}}, key="sk_test_old")
    with pytest.raises(rules.SignatureInvalid):
        PaystackGateway().parse_webhook(*webhook)
    settings.PAYSTACK_OLD_SECRET_KEYS = ["sk_test_old"]
    assert PaystackGateway().parse_webhook(*webhook)


def test_an_empty_key_signs_nothing(paystack, settings):
    settings.PAYSTACK_SECRET_KEY = ""
    settings.PAYSTACK_OLD_SECRET_KEYS = [""]
    with pytest.raises(rules.SignatureInvalid):
        PaystackGateway().parse_webhook(*signed({"event": "charge.success", "data": {"reference": "x1"}}, key=""))


def test_the_same_event_written_anew_is_refused(paystack):
    """Row 21: the bytes are signed, not their meaning."""
    headers, body = signed({"event": "charge.success", "data": {"reference": "x1"}})
    with pytest.raises(rules.SignatureInvalid):
        PaystackGateway().parse_webhook(headers, json.dumps(json.loads(body), indent=1).encode())


@pytest.mark.parametrize(
    "event",
    [
        {"event": "customeridentification.success", "data": {"customer_code": "CUS_1"}},
        {"event": "refund.processed", "data": {"transaction_reference": "x1", "amount": "5000"}},
        {"event": "charge.success", "data": {"reference": "../balance"}},
        {"event": "charge.success", "data": {"reference": None}},
    ],
)
def test_a_webhook_that_names_nothing_of_ours_is_passed_over(paystack, event):
    assert PaystackGateway().parse_webhook(*signed(event)) is None


@pytest.mark.parametrize("event", [[], {}, {"event": "charge.success"}, {"event": ["x"], "data": {}}, "x"])
def test_a_signed_body_that_is_no_event_is_refused(paystack, event):
    with pytest.raises(rules.SignatureInvalid):
        PaystackGateway().parse_webhook(*signed(event))


# Statement


def test_a_statement_is_read_over_all_its_pages_with_its_signs_and_fees(settings):
    """Row 32."""
    with (
        peer("paystack", key=KEY, page=2) as small,
        override_settings(PAYSTACK_API_URL=small.url, PAYSTACK_SECRET_KEY=KEY, PAYSTACK_INTEGRATION="463433"),
    ):
        charges = [done(order()) for _ in range(3)]
        back = order(COMES_BACK, kind="payout", minor=400)
        PaystackGateway().submit(back)
        time.sleep(0.15)
        done(order("", kind="refund", minor=250, of=charges[0].facts.ref))
        small.settle()
        lines = PaystackGateway().statement(kelmah_clock.now().date())
        assert [(line.kind, line.amount.minor) for line in sorted(lines, key=lambda each: each.line_id)] == [
            ("refund", -250),
            ("charge", 1250),
            ("charge", 1250),
            ("charge", 1250),
            ("payout", 400),
            ("payout", -400),
        ]
        assert {line.key for line in lines if line.kind == "payout"} == {back.key}
        assert {line.fee for line in lines if line.kind == "charge"} == {Money(15, "GHS")}
        assert PaystackGateway().statement(kelmah_clock.now().date() + timedelta(days=1)) == []


def test_what_was_carried_out_days_after_it_was_asked_for_has_its_line_on_that_day(settings):
    """Row 32: banks take up to ten working days for a refund, and a transfer may come back as late."""
    with (
        peer("paystack", key=KEY, takes_days=12) as slow,
        override_settings(PAYSTACK_API_URL=slow.url, PAYSTACK_SECRET_KEY=KEY, PAYSTACK_INTEGRATION="463433"),
    ):
        charge = done(order())
        done(order(RECEIVES, kind="payout", minor=300))
        PaystackGateway().submit(order(COMES_BACK, kind="payout", minor=400))
        PaystackGateway().submit(order("", kind="refund", minor=250, of=charge.facts.ref))
        until, lines = time.monotonic() + 20, []
        while len(lines) < 5 and time.monotonic() < until:  # it begins what it was asked for a moment later
            time.sleep(0.1)
            slow.settle()
            lines = PaystackGateway().statement(kelmah_clock.now().date())
    assert sorted((line.kind, line.amount.minor) for line in lines) == [
        *(("charge", 1250), ("payout", -400), ("payout", -300), ("payout", 400), ("refund", -250)),
    ]


# With wallets and books


@pytest.mark.domain("payments")
def test_a_deposit_through_the_checkout_is_credited_by_paystacks_webhook(paystack, api, drain):
    by = somebody()
    body = {"amount": {"amount": 1250, "currency": "GHS"}, "method": {"type": "paystack", "email": "ama@example.com"}}
    deposit = api.as_(by).post("/wallet/deposits", body, idempotency_key=new_id()).json
    drain()
    shown = api.as_(by).get(f"/wallet/deposits/{deposit['id']}").json
    assert shown["next_action"]["kind"] == "redirect"
    httpx.post(shown["next_action"]["url"], json={"status": "success"}).raise_for_status()
    command = GatewayCommand.objects.get(subject_id=deposit["id"])
    headers, sent = paystack.notices_about(command.id, count=1)[0]
    signature = {"X-Paystack-Signature": headers["x-paystack-signature"]}
    for _ in range(2):
        answer = Client().post("/api/v1/webhooks/paystack", sent, content_type="application/json", headers=signature)
        assert answer.status_code == 200
    drain()
    assert (api.as_(by).get(f"/wallet/deposits/{deposit['id']}").json["state"], in_wallet(by.user_id)) == (
        "succeeded",
        1250,
    )


@pytest.mark.domain("payments")
@pytest.mark.parametrize(
    ("method", "pointer"),
    [
        ({}, "/method/email"),
        ({"email": "nobody"}, "/method/email"),
        ({"email": "ama@example.com", "wallet": "mtn"}, "/method/phone"),
        ({"email": "ama@example.com", "phone": "0551234987"}, "/method/wallet"),
        ({"email": "ama@example.com", "wallet": "vod", "phone": "0551234987"}, "/method/wallet"),
    ],
)
def test_a_method_that_is_no_way_to_pay_is_refused(paystack, api, method, pointer):
    body = {"amount": {"amount": 1250, "currency": "GHS"}, "method": {"type": "paystack", **method}}
    answer = api.as_(somebody()).post("/wallet/deposits", body, idempotency_key=new_id())
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, pointer)


@pytest.mark.domain("payments")
def test_an_account_is_known_again_by_the_end_of_its_number(paystack, api):
    account = {"kind": "ghipss", "bank": "GH010100", "account": "0100000014", "holder": "Kofi Boateng"}
    by = somebody(role="worker")
    answer = api.as_(by).post("/wallet/payout-methods", {"destination": {"type": "paystack", **account}})
    assert (answer.status, answer.json["hint"]) == (201, "…0014")


@pytest.mark.domain("payments")
def test_a_payout_that_is_reversed_days_later_is_in_the_wallet_again_once(paystack, drain, clock):
    """Row 25."""
    by = rich(cedis(100))
    payout = actions.request_payout(by=by, amount=cedis(40), gateway="paystack", destination=COMES_BACK)
    drain()
    time.sleep(0.15)
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(payout), in_wallet(by.user_id)) == ("paid", 6000)
    paystack.settle()
    command = GatewayCommand.objects.get(subject_id=payout.id)
    webhooks = paystack.notices_about(command.id, count=2)
    for headers, sent in [*webhooks, *reversed(webhooks)]:
        signature = {"X-Paystack-Signature": headers["x-paystack-signature"]}
        Client().post("/api/v1/webhooks/paystack", sent, content_type="application/json", headers=signature)
    drain()
    assert (state_of(payout), in_wallet(by.user_id)) == ("returned", 10000)


@pytest.mark.domain("payments")
@pytest.mark.parametrize("fault", ["silence", "slow"])
def test_a_part_of_a_deposit_goes_back_once_though_its_answer_is_lost(paystack, drain, clock, monkeypatch, fault):
    """Row 24."""
    monkeypatch.setattr("domains.payments.gateways.calling.TIMEOUT", 0.5)
    by, deposit = paid_in()
    paystack.fault("POST /refund", fault, seconds=1)
    refund = refunds.request_refund(by=by, deposit_id=deposit.id, amount=cedis(5))
    command = GatewayCommand.objects.get(kind="refund", subject_id=refund.id)
    drain()
    assert (state_of(refund), in_wallet(by.user_id)) == ("processing", 750)
    time.sleep(0.6)
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(refund), in_wallet(by.user_id)) == ("succeeded", 750)
    assert [m["minor"] for m in paystack.movements(command.id, kind="refund")] == [500]


@pytest.mark.domain("payments")
def test_a_refund_made_at_the_dashboard_is_booked_when_the_statement_tells_of_it(paystack, drain, settings):
    """Its webhook names no refund."""
    settings.GATEWAYS = ["paystack"]
    by, deposit = paid_in()
    charge = str(GatewayCommand.objects.get(subject_id=deposit.id).id)
    access = {"Authorization": f"Bearer {KEY}"}
    httpx.post(f"{paystack.url}/refund", json={"transaction": charge, "amount": 500}, headers=access).raise_for_status()
    paystack.settle()
    for _ in range(2):
        fetch_statement(gateway="paystack", day=kelmah_clock.now().date())
        reconcile(gateway="paystack")
    refund = Refund.objects.get(deposit_id=deposit.id)
    assert (refund.state, refund.amount, in_wallet(by.user_id)) == ("succeeded", cedis(5), 750)
    assert StatementEntry.objects.get(kind="refund", ref=refund.made_there).verdict == "matched"
    assert contradictions() == []


@pytest.mark.domain("payments", transaction=True)
def test_the_statement_and_another_telling_at_once_book_a_refund_made_at_the_dashboard_once(paystack, settings, race):
    settings.GATEWAYS = ["paystack"]
    by, deposit = paid_in()
    charge = str(GatewayCommand.objects.get(subject_id=deposit.id).id)
    access = {"Authorization": f"Bearer {KEY}"}
    wish = {"transaction": charge, "amount": 500}
    made = httpx.post(f"{paystack.url}/refund", json=wish, headers=access).raise_for_status().json()["data"]
    paystack.settle()
    fetch_statement(gateway="paystack", day=kelmah_clock.now().date())
    outcome = PaystackGateway().fetch("refund", str(made["id"]))
    tell = partial(follow_foreign_refund, gateway="paystack", outcome=outcome)
    refused = [said for said in race([partial(reconcile, gateway="paystack"), tell] * 3) if isinstance(said, Exception)]
    assert refused == []
    refund = Refund.objects.get()
    assert (refund.amount, in_wallet(by.user_id), contradictions()) == (cedis(5), 750, [])
    assert StatementEntry.objects.get(kind="refund", ref=refund.made_there).verdict == "matched"


@pytest.mark.domain("payments")
def test_a_lost_dispute_is_owed_by_whoever_paid_in(paystack, drain):
    """Row 27, by Paystack's own webhook."""
    by, deposit = paid_in()
    charge = GatewayCommand.objects.get(subject_id=deposit.id)
    wish = {"charge": charge.gateway_ref, "phase": "lost"}
    dispute = httpx.post(f"{paystack.url}/_control/disputes", json=wish).raise_for_status().json()
    headers, sent = paystack.notices_about(f'"id": {dispute["id"]}', count=1)[0]
    signature = {"X-Paystack-Signature": headers["x-paystack-signature"]}
    Client().post("/api/v1/webhooks/paystack", sent, content_type="application/json", headers=signature)
    drain()
    chargeback = Chargeback.objects.get(gateway="paystack", ref=str(dispute["id"]))
    assert (chargeback.state, chargeback.amount_minor, in_wallet(by.user_id)) == ("lost", 1250, 0)


def paid_in() -> tuple[Principal, Deposit]:
    """Somebody with 12.50 cedis that came through Paystack."""
    by = somebody()
    deposit = actions.request_deposit(by=by, amount=cedis(12.5), gateway="paystack", instrument=PAYS)
    command = GatewayCommand.objects.get(subject_id=deposit.id)
    actions.submit_command(command_id=command.id)
    time.sleep(0.15)
    actions.follow_command(command_id=command.id)
    assert in_wallet(by.user_id) == 1250
    return by, deposit


class Paystack(Subject):
    others = ("NGN", "USD")
    instruments = {
        "pays": PAYS,
        "declines": FAILS,
        "waits": WAITS,
        "receives": RECEIVES,
        "refuses": REFUSES,
        "returns": COMES_BACK,
    }
    names = {"mobile_money:Ama:MTN:0551234987": "Ama Mensah", RECEIVES: "Kofi Boateng"}
    nobody = "nuban:Nobody:058:0999999999"
    phases = ("inquiry", "reinstated", "lost")
    stamped = False

    def __init__(self, running: Running) -> None:
        self.gateway = PaystackGateway()
        self.peer = running

    def made(self, order: Order) -> int:
        return len([m for m in self.peer.movements(order.key, kind=order.kind) if m["state"] != "failed"])

    def next_order(self, fault: str) -> None:
        self.peer.fault("POST /(charge|transfer|refund)$", fault)

    @contextmanager
    def nobody_there(self) -> Iterator[None]:
        with override_settings(PAYSTACK_API_URL="http://127.0.0.1:9"):
            yield

    def pass_time(self) -> None:
        time.sleep(0.12)
        self.peer.settle()

    def webhooks(self, order: Order) -> list[Webhook]:
        return self.peer.notices_about(order.key, count=1)

    def dispute(self, charge_ref: str, *, phase: str) -> str:
        wish = {"charge": charge_ref, "phase": phase}
        return str(httpx.post(f"{self.peer.url}/_control/disputes", json=wish).raise_for_status().json()["id"])


class TestContract(Contract):
    @pytest.fixture
    def subject(self, paystack: Running) -> Paystack:
        return Paystack(paystack)
