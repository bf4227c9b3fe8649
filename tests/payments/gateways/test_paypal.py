"""The adapter of PayPal beside a server that behaves as PayPal's documentation says."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from django.test import Client, override_settings

from domains.payments import actions, rules
from domains.payments.actions import refunds
from domains.payments.actions.statements import fetch_statement
from domains.payments.gateways import Order, Outcome, Pending, Rejected, Returned, Succeeded, Unknown
from domains.payments.gateways.paypal import PaypalGateway
from domains.payments.models import Chargeback, Deposit, GatewayCommand, StatementEntry
from domains.payments.tasks import resolve_commands
from kelmah import clock as kelmah_clock
from kelmah.errors import Unavailable
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.principal import Principal
from tests.payments.factories import in_wallet, somebody, state_of
from tests.payments.gateways.contract import Contract
from tests.payments.gateways.subject import Subject, Webhook
from tests.peers.running import Running, peer

MERCHANT, WEBHOOK = "S4HZ8MM2CDDVA", "8PT597110X687430LKGECATA"
AMA = "checkout:ama@example.com"


def payer(who: str) -> str:
    return f"checkout:{who}@example.com"


def receiver(who: str) -> str:
    return f"email:{who}@example.com"


@pytest.fixture(scope="module")
def _process() -> Iterator[Running]:
    with peer("paypal", merchant=MERCHANT, webhook=WEBHOOK) as running:
        yield running


@pytest.fixture
def paypal(_process: Running, settings) -> Iterator[Running]:
    settings.PAYPAL_API_URL = settings.PAYPAL_CERTIFICATES_URL = _process.url
    settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = "client", "secret"
    settings.PAYPAL_MERCHANT_ID, settings.PAYPAL_WEBHOOK_ID = MERCHANT, WEBHOOK
    settings.PAYPAL_CURRENCIES = ["USD", "EUR", "GBP", "JPY", "GHS"]
    settings.PAYPAL_RETURN_URL = "https://app.example.com/wallet"
    settings.GATEWAYS = ["paypal", "sandbox"]
    yield _process
    _process.calm()


def order(
    instrument: str = AMA, *, kind: str = "charge", minor: int = 1250, of: str = "", currency: str = "USD"
) -> Order:
    return Order(key=new_id(), kind=kind, amount=Money(minor, currency), instrument=instrument, of=of)


def begun(wanted: Order) -> Order:
    """Sent; the order with the name that PayPal gave it."""
    first = PaypalGateway().submit(wanted)
    assert isinstance(first, Pending), first
    return replace(wanted, ref=first.facts.ref)


def paid(paypal: Running, wanted: Order) -> Outcome:
    """A charge that the payer approved, or a payout that was carried out."""
    named = begun(wanted)
    if wanted.kind == "charge":
        httpx.post(f"{paypal.url}/checkoutnow", params={"token": named.ref.removeprefix("order-")}).raise_for_status()
    else:
        time.sleep(0.15)
    return PaypalGateway().query(named)


def done(paypal: Running, wanted: Order) -> Succeeded:
    outcome = paid(paypal, wanted)
    assert isinstance(outcome, Succeeded), outcome
    return outcome


def told(paypal: Running, what: str, wish: object) -> httpx.Response:
    return httpx.post(f"{paypal.url}/_control/{what}", json=wish).raise_for_status()


def signed(paypal: Running, event: object, **wish: object) -> Webhook:
    body = json.dumps(event)
    return told(paypal, "signed", {"body": body, **wish}).json(), body.encode()


APPROVED = {"id": "WH-1", "event_type": "CHECKOUT.ORDER.APPROVED", "resource": {"id": "5O190127TN364715T"}}


def test_currencies_that_paypal_has_not_are_not_served(paypal):
    assert PaypalGateway().capabilities.charges == {"USD", "EUR", "GBP", "JPY"}


def test_only_paypals_own_address_is_real_money(paypal, settings):
    lives = []
    for url in ("https://api-m.paypal.com", "https://api-m.sandbox.paypal.com", "https://api-m.paypal.com.example.com"):
        settings.PAYPAL_API_URL = url
        lives.append(PaypalGateway().capabilities.live)
    assert lives == [True, False, False]


# Access


def test_a_token_is_asked_for_once_and_again_when_it_was_revoked(paypal, settings):
    settings.PAYPAL_API_URL = paypal.url + "/"  # another address: no token is known for it
    asked = len(paypal.calls("POST /v1/oauth2/token"))
    for _ in range(3):
        begun(order())
    assert len(paypal.calls("POST /v1/oauth2/token")) == asked + 1
    told(paypal, "tokens", {})
    begun(order())
    assert len(paypal.calls("POST /v1/oauth2/token")) == asked + 2


@pytest.mark.parametrize("kind", ["charge", "payout"])
def test_wrong_access_is_no_refusal_of_the_order(paypal, settings, kind):
    settings.PAYPAL_CLIENT_SECRET = "wrong"
    assert isinstance(PaypalGateway().submit(order(receiver("ama"), kind=kind)), Unknown)


# Charges


def test_the_payer_is_sent_to_paypal_and_the_order_is_captured_once_it_is_approved(paypal):
    named = begun(order())
    first = PaypalGateway().query(named)
    assert isinstance(first, Pending)
    assert first.next_action is not None
    assert first.next_action.kind == "redirect"
    httpx.post(first.next_action.data["url"]).raise_for_status()
    outcome = PaypalGateway().query(named)
    assert isinstance(outcome, Succeeded)
    assert (outcome.facts.amount, outcome.facts.fee) == (Money(1250, "USD"), Money(52, "USD"))


def test_whoever_only_looks_at_an_approved_order_takes_no_money(paypal):
    named = begun(order())
    told(paypal, "settle", {})
    seen = PaypalGateway().fetch("charge", named.ref)
    assert isinstance(seen, Pending)
    assert seen.ours
    assert [m["moved"] for m in paypal.movements(named.key)] == [False]


@pytest.mark.parametrize("fault", ["silence", "error", "garbage"])
def test_a_capture_without_an_answer_is_found_and_not_made_twice(paypal, fault):
    """Row 17."""
    named = begun(order())
    told(paypal, "settle", {})
    paypal.fault("POST .*/capture$", fault)
    assert isinstance(PaypalGateway().query(named), Unknown)
    for _ in range(2):
        assert isinstance(PaypalGateway().query(named), Succeeded)
    assert len(paypal.movements(named.key)) == 1


def test_an_order_that_another_captured_is_read_again(paypal):
    """Two who follow one order: the second is told ORDER_ALREADY_CAPTURED, also under a key of its own."""
    named = begun(order())
    told(paypal, "settle", {})
    access = {"Authorization": paypal.calls("GET /v2/checkout/orders")[-1]["headers"]["Authorization"]}
    url = f"{paypal.url}/v2/checkout/orders/{named.ref.removeprefix('order-')}/capture"
    httpx.post(url, json={}, headers=access).raise_for_status()
    assert isinstance(PaypalGateway().query(named), Succeeded)


@pytest.mark.parametrize(("who", "code"), [("declines", "INSTRUMENT_DECLINED"), ("denied", "declined")])
def test_a_payer_whose_bank_says_no_is_a_refusal(paypal, who, code):
    outcome = paid(paypal, order(payer(who)))
    assert isinstance(outcome, Rejected)
    assert outcome.code == code


def test_an_echeck_waits_for_days_under_the_name_of_its_capture(paypal):
    named = begun(order(payer("echeck")))
    told(paypal, "settle", {})
    waiting = PaypalGateway().query(named)
    assert isinstance(waiting, Pending)
    paypal.settle()
    cleared = PaypalGateway().query(replace(named, ref=waiting.facts.ref))
    assert isinstance(cleared, Succeeded)
    assert cleared.facts.ref == waiting.facts.ref


def test_an_order_that_nobody_approved_is_over_after_six_hours(paypal, clock):
    named, dropped = begun(order()), begun(order())
    told(paypal, "forget", {"order": dropped.ref.removeprefix("order-")})
    soon = PaypalGateway().query(dropped)
    assert isinstance(soon, Unknown)
    assert not soon.absent
    clock.advance(hours=7)
    for each in (named, dropped):
        outcome = PaypalGateway().query(each)
        assert isinstance(outcome, Rejected)
        assert outcome.code == "expired"


def test_an_amount_that_paypal_has_no_currency_for_is_refused(paypal):
    assert PaypalGateway().submit(order(currency="GHS")) == Rejected(code="CURRENCY_NOT_SUPPORTED")


# Payouts


@pytest.mark.parametrize(
    ("who", "at_first", "at_last"),
    [
        ("ama", Succeeded, Succeeded),
        ("waits", Pending, Succeeded),
        ("onhold", Pending, Succeeded),
        ("unclaimed", Pending, Returned),
        ("reversed", Succeeded, Returned),
        ("refunded", Succeeded, Returned),
        ("fails", Rejected, Rejected),
        ("blocked", Rejected, Rejected),
        ("denied", Rejected, Rejected),
    ],
)
def test_a_payout_is_followed_through_the_states_of_its_item(paypal, who, at_first, at_last):
    """Row 25: paid, or unclaimed for thirty days, then back."""
    named = begun(order(receiver(who), kind="payout"))
    time.sleep(0.15)
    first = PaypalGateway().query(named)
    paypal.settle()
    last = PaypalGateway().query(named)
    assert (type(first), type(last)) == (at_first, at_last)
    assert isinstance(last, Succeeded | Returned | Rejected)
    assert last.facts is not None
    assert (last.facts.key, last.facts.amount) == (named.key, named.amount)


def test_a_payout_is_one_batch_though_it_is_sent_again_days_later(paypal, clock):
    wanted = order(receiver("ama"), kind="payout")
    done(paypal, wanted)
    clock.advance(days=5)
    again = PaypalGateway().submit(wanted)
    assert isinstance(again, Succeeded)
    assert len(paypal.movements(wanted.key)) == 1


def test_what_paypal_may_have_forgotten_is_never_called_absent(paypal, clock):
    """Sent again it could be paid twice; a charge can't be, as nobody was led to it."""
    late = {kind: order(receiver("ama"), kind=kind, of="x") for kind in ("charge", "payout", "refund")}
    asked = {kind: PaypalGateway().query(each) for kind, each in late.items()}
    clock.advance(days=29)
    asked_late = {kind: PaypalGateway().query(each) for kind, each in late.items()}
    assert [getattr(each, "absent", None) for each in asked.values()] == [True, True, True]
    assert [getattr(each, "absent", None) for each in asked_late.values()] == [True, False, False]


def test_an_account_is_paid_by_its_paypal_id_too(paypal):
    assert isinstance(paid(paypal, order("paypal_id:G83JXTJ5EHCQ2", kind="payout")), Succeeded)


# Refunds


@pytest.mark.parametrize("fault", ["silence", "error", "garbage"])
def test_a_refund_without_an_answer_is_sent_again_and_given_once(paypal, fault):
    """Row 24."""
    charge = done(paypal, order())
    wanted = order("", kind="refund", minor=500, of=charge.facts.ref)
    paypal.fault("POST .*/refund$", fault)
    assert isinstance(PaypalGateway().submit(wanted), Unknown)
    for _ in range(2):
        assert isinstance(PaypalGateway().submit(wanted), Succeeded)
    assert len(paypal.movements(wanted.key, kind="refund")) == 1


def test_a_refund_that_takes_its_time_is_followed(paypal):
    charge = done(paypal, order(payer("slow")))
    named = begun(order("", kind="refund", minor=500, of=charge.facts.ref))
    paypal.settle()
    given = PaypalGateway().query(named)
    assert isinstance(given, Succeeded)
    assert (given.facts.of, given.facts.key) == (charge.facts.ref, named.key)


def test_a_dispute_that_ends_before_money_moved_moved_none(paypal):
    """It only held the money: nothing was taken, so nothing came back."""
    charge = done(paypal, order())
    held = PaypalGateway().fetch_dispute(
        told(paypal, "disputes", {"charge": charge.facts.ref, "phase": "held"}).json()["id"]
    )
    assert not isinstance(held, Unknown)
    assert held.phase == "inquiry"


# Webhooks


def test_a_webhook_for_another_endpoint_or_of_another_body_is_refused(paypal):
    """Row 21."""
    good = signed(paypal, APPROVED)
    notice = PaypalGateway().parse_webhook(*good)
    assert notice is not None
    assert (notice.kind, notice.ref) == ("charge", "order-5O190127TN364715T")
    for headers, body in (signed(paypal, APPROVED, webhook="ANOTHER"), (good[0], good[1].replace(b"WH-1", b"WH-2"))):
        with pytest.raises(rules.SignatureInvalid):
            PaypalGateway().parse_webhook(headers, body)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("PAYPAL-CERT-URL", "https://api.paypal.com.example.com/v1/notifications/certs/CERT-1"),
        ("PAYPAL-CERT-URL", "{url}/v1/notifications/certs/../../CERT-1"),
        ("PAYPAL-CERT-URL", "{url}/v1/notifications/certs/CERT-unknown"),
        ("PAYPAL-AUTH-ALGO", "none"),
        ("PAYPAL-TRANSMISSION-TIME", "soon"),
        ("PAYPAL-TRANSMISSION-TIME", "2016-09-21T22:00:46"),
        ("PAYPAL-TRANSMISSION-SIG", "ü"),
        ("PAYPAL-TRANSMISSION-SIG", ""),
        ("PAYPAL-TRANSMISSION-ID", "another"),
    ],
)
def test_a_webhook_with_another_header_is_refused(paypal, header, value):
    """Row 21: a certificate that lies elsewhere is nobody's."""
    headers, body = signed(paypal, APPROVED)
    with pytest.raises(rules.SignatureInvalid):
        PaypalGateway().parse_webhook({**headers, header: value.format(url=paypal.url)}, body)


def test_a_webhook_from_the_future_is_refused_and_one_of_yesterday_is_not(paypal):
    """It repeats for three days what was not taken."""
    assert PaypalGateway().parse_webhook(*signed(paypal, APPROVED, hours=30))
    with pytest.raises(rules.SignatureInvalid):
        PaypalGateway().parse_webhook(*signed(paypal, APPROVED, hours=-1))


def test_while_its_certificate_can_not_be_had_paypal_is_asked_to_come_again(paypal, settings):
    headers, body = signed(paypal, APPROVED)
    settings.PAYPAL_CERTIFICATES_URL = "http://127.0.0.1:9"
    headers["PAYPAL-CERT-URL"] = "http://127.0.0.1:9/v1/notifications/certs/CERT-1"
    with pytest.raises(Unavailable):
        PaypalGateway().parse_webhook(headers, body)


@pytest.mark.parametrize(
    ("event", "resource"),
    [
        ("BILLING.SUBSCRIPTION.CREATED", {"id": "I-BW452GLLEP1G"}),
        ("PAYMENT.CAPTURE.REVERSED", {"id": "5O190127TN364715T"}),
        ("PAYMENT.CAPTURE.COMPLETED", {"id": "../balances"}),
        ("PAYMENT.PAYOUTSBATCH.SUCCESS", {}),
    ],
)
def test_a_webhook_that_names_nothing_of_ours_is_passed_over(paypal, event, resource):
    assert (
        PaypalGateway().parse_webhook(*signed(paypal, {"id": "WH-1", "event_type": event, "resource": resource}))
        is None
    )


@pytest.mark.parametrize("event", [[], {}, {"id": "WH-1"}, {"id": 1, "event_type": "CHECKOUT.ORDER.APPROVED"}, "x"])
def test_a_signed_body_that_is_no_event_is_refused(paypal, event):
    with pytest.raises(rules.SignatureInvalid):
        PaypalGateway().parse_webhook(*signed(paypal, event))


# Statement


def test_a_statement_has_every_line_of_all_pages_with_its_sign_fee_and_object(settings, paypal):
    """Row 32: what is only held is no movement; what came back names what had left."""
    with peer("paypal", page=2, merchant=MERCHANT) as small, override_settings(PAYPAL_API_URL=small.url):
        charges = [done(small, order()) for _ in range(2)]
        back = done(small, order(receiver("reversed"), kind="payout", minor=400))
        given = PaypalGateway().submit(order("", kind="refund", minor=250, of=charges[0].facts.ref))
        small.settle()
        lost = told(small, "disputes", {"charge": charges[1].facts.ref, "phase": "lost"}).json()["id"]
        lines = PaypalGateway().statement(kelmah_clock.now().date())
        assert isinstance(given, Succeeded)
        assert sorted(
            (line.kind, line.amount.minor, line.fee and line.fee.minor, line.ref) for line in lines
        ) == sorted(
            [
                ("charge", 1250, 52, charges[0].facts.ref),
                ("charge", 1250, 52, charges[1].facts.ref),
                ("refund", -250, None, given.facts.ref),
                ("payout", -400, 25, back.facts.ref),
                ("payout", 400, None, back.facts.ref),
                ("dispute", -1250, None, lost),
            ]
        )
        assert {line.key for line in lines if line.kind == "charge"} == {each.facts.key for each in charges}


def test_a_day_that_paypal_does_not_know_whole_yet_is_asked_for_again_later(paypal):
    yesterday = kelmah_clock.now().date() - timedelta(days=1)
    told(paypal, "refreshed", {"until": f"{yesterday}T20:59:59Z"})
    with pytest.raises(Unavailable):
        PaypalGateway().statement(yesterday)
    told(paypal, "refreshed", {})
    assert PaypalGateway().statement(yesterday) == []


# With wallets and books


def deliver(paypal: Running, about: object, *, count: int) -> None:
    """Everything that PayPal told us about it comes, twice, and the other way round."""
    webhooks = paypal.notices_about(about, count=count)
    for headers, sent in [*webhooks, *reversed(webhooks)]:
        signature = {name: value for name, value in headers.items() if name.lower().startswith("paypal-")}
        answer = Client().post("/api/v1/webhooks/paypal", sent, content_type="application/json", headers=signature)
        assert answer.status_code == 200


@pytest.mark.domain("payments")
def test_a_deposit_is_captured_and_credited_by_the_webhook_of_its_approval(paypal, api, drain):
    by = somebody()
    body = {"amount": {"amount": 1250, "currency": "USD"}, "method": {"type": "paypal"}}
    deposit = api.as_(by).post("/wallet/deposits", body, idempotency_key=new_id()).json
    drain()
    shown = api.as_(by).get(f"/wallet/deposits/{deposit['id']}").json
    assert shown["next_action"]["kind"] == "redirect"
    httpx.post(shown["next_action"]["url"]).raise_for_status()
    command = GatewayCommand.objects.get(subject_id=deposit["id"])
    deliver(paypal, command.id, count=1)
    drain()
    assert (api.as_(by).get(f"/wallet/deposits/{deposit['id']}").json["state"], money_of(by)) == ("succeeded", 1250)
    deliver(paypal, command.id, count=2)
    drain()
    assert money_of(by) == 1250


@pytest.mark.domain("payments")
def test_an_approval_that_no_webhook_told_is_captured_by_the_janitor(paypal, drain, clock):
    by = somebody()
    deposit = actions.request_deposit(by=by, amount=Money(1250, "USD"), gateway="paypal", instrument=AMA)
    drain()
    paypal.settle()
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(deposit), money_of(by)) == ("succeeded", 1250)


@pytest.mark.domain("payments")
def test_an_approval_after_we_gave_up_takes_no_money(paypal, drain, clock):
    by = somebody()
    deposit = actions.request_deposit(by=by, amount=Money(1250, "USD"), gateway="paypal", instrument=AMA)
    drain()
    command = GatewayCommand.objects.get(subject_id=deposit.id)
    clock.advance(hours=7)
    resolve_commands()
    assert state_of(deposit) == "failed"
    paypal.settle()
    deliver(paypal, command.id, count=1)
    drain()
    assert ([m["moved"] for m in paypal.movements(command.id)], money_of(by)) == ([False], 0)


@pytest.mark.domain("payments")
@pytest.mark.parametrize("fault", ["silence", "lost"])
def test_a_payout_whose_answer_is_lost_is_paid_once_and_in_the_wallet_again_when_it_comes_back(
    paypal, drain, clock, fault
):
    """Rows 17 and 25."""
    by, _ = paid_in(paypal, drain, clock)
    paypal.fault("POST /v1/payments/payouts$", fault)
    payout = actions.request_payout(
        by=by, amount=Money(1000, "USD"), gateway="paypal", destination=receiver("reversed")
    )
    drain()
    command = GatewayCommand.objects.get(subject_id=payout.id)
    assert (state_of(command), money_of(by)) == ("unknown", 250)
    for _ in range(3):
        time.sleep(0.1)
        clock.advance(minutes=1)
        resolve_commands()
    assert (state_of(payout), money_of(by)) == ("paid", 250)
    paypal.settle()
    deliver(paypal, command.id, count=3)
    drain()
    assert (state_of(payout), money_of(by)) == ("returned", 1250)
    assert len(paypal.movements(command.id)) == 1


@pytest.mark.domain("payments")
def test_a_part_of_a_deposit_goes_back_once_though_its_answer_is_lost(paypal, drain, clock):
    """Row 24."""
    by, deposit = paid_in(paypal, drain, clock)
    paypal.fault("POST .*/refund$", "silence")
    refund = refunds.request_refund(by=by, deposit_id=deposit.id, amount=Money(500, "USD"))
    command = GatewayCommand.objects.get(kind="refund", subject_id=refund.id)
    drain()
    assert (state_of(refund), money_of(by)) == ("processing", 750)
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(refund), money_of(by)) == ("succeeded", 750)
    assert [m["minor"] for m in paypal.movements(command.id, kind="refund")] == [500]


@pytest.mark.domain("payments")
def test_the_lines_of_a_statement_meet_the_books(paypal, drain, clock):
    """Row 32: what came, what it cost, what left and came back."""
    with (
        peer("paypal", merchant=MERCHANT, webhook=WEBHOOK) as own,
        override_settings(PAYPAL_API_URL=own.url, PAYPAL_CERTIFICATES_URL=own.url),
    ):
        by, _ = paid_in(own, drain, clock)
        payout = actions.request_payout(
            by=by, amount=Money(1000, "USD"), gateway="paypal", destination=receiver("refunded")
        )
        drain()
        time.sleep(0.15)
        clock.advance(minutes=1)
        resolve_commands()
        assert state_of(payout) == "paid"
        own.settle()
        deliver(own, GatewayCommand.objects.get(subject_id=payout.id).id, count=3)
        drain()
        assert state_of(payout) == "returned"
        fetch_statement(gateway="paypal", day=kelmah_clock.now().date())
        drain()
        entries = StatementEntry.objects.filter(gateway="paypal").order_by("amount_minor")
        assert [(entry.kind, entry.amount_minor, entry.verdict) for entry in entries] == [
            ("payout", -1000, "matched"),
            ("payout", 1000, "matched"),
            ("charge", 1250, "matched"),
        ]


@pytest.mark.domain("payments")
def test_a_lost_dispute_is_owed_by_whoever_paid_in(paypal, drain, clock):
    """Row 27, by PayPal's own webhook."""
    by, deposit = paid_in(paypal, drain, clock)
    charge = GatewayCommand.objects.get(subject_id=deposit.id)
    dispute = told(paypal, "disputes", {"charge": charge.gateway_ref, "phase": "lost"}).json()["id"]
    deliver(paypal, dispute, count=1)
    drain()
    chargeback = Chargeback.objects.get(gateway="paypal", ref=dispute)
    assert (chargeback.state, chargeback.amount_minor, money_of(by)) == ("lost", 1250, 0)


@pytest.mark.domain("payments")
@pytest.mark.parametrize(
    ("destination", "status"),
    [
        ({"email": "kofi@example.com"}, 201),
        ({"account": "G83JXTJ5EHCQ2"}, 201),
        ({}, 400),
        ({"email": "kofi@example.com", "account": "G83JXTJ5EHCQ2"}, 400),
        ({"account": "../me"}, 400),
    ],
)
def test_a_destination_is_an_email_or_an_account(paypal, api, destination, status):
    body = {"destination": {"type": "paypal", **destination}}
    assert api.as_(somebody(role="worker")).post("/wallet/payout-methods", body).status == status


def money_of(by: Principal) -> int:
    return in_wallet(by.user_id, "USD")


def paid_in(paypal: Running, drain, clock) -> tuple[Principal, Deposit]:
    """Somebody with 12.50 dollars that came through PayPal."""
    by = somebody()
    deposit = actions.request_deposit(by=by, amount=Money(1250, "USD"), gateway="paypal", instrument=AMA)
    drain()
    paypal.settle()
    clock.advance(minutes=1)
    resolve_commands()
    assert money_of(by) == 1250
    return by, deposit


class Paypal(Subject):
    currency = "USD"
    others = ("EUR", "JPY")
    instruments = {
        "pays": AMA,
        "declines": payer("declines"),
        "waits": payer("waits"),
        "receives": receiver("kofi"),
        "refuses": receiver("fails"),
        "returns": receiver("reversed"),
    }

    def __init__(self, running: Running) -> None:
        self.gateway = PaypalGateway()
        self.peer = running

    def made(self, order: Order) -> int:
        return len(
            [m for m in self.peer.movements(order.key, kind=order.kind) if m["state"] not in ("FAILED", "VOIDED")]
        )

    def next_order(self, fault: str) -> None:
        self.peer.fault("POST (/v2/checkout/orders|/v1/payments/payouts|.*/refund)$", fault)

    @contextmanager
    def nobody_there(self) -> Iterator[None]:
        with override_settings(PAYPAL_API_URL="http://127.0.0.1:9"):
            yield

    def pass_time(self) -> None:
        time.sleep(0.12)
        self.peer.settle()

    def webhooks(self, order: Order) -> list[Webhook]:
        return self.peer.notices_about(order.key, count=2)

    def old_webhook(self, order: Order) -> Webhook:
        """Of a week ago: what PayPal repeats for three days is no older."""
        _, body = self.webhooks(order)[-1]
        return told(self.peer, "signed", {"body": body.decode(), "hours": 24 * 7}).json(), body

    def dispute(self, charge_ref: str, *, phase: str) -> str:
        return str(told(self.peer, "disputes", {"charge": charge_ref, "phase": phase}).json()["id"])


class TestContract(Contract):
    @pytest.fixture
    def subject(self, paypal: Running) -> Paypal:
        return Paypal(paypal)
