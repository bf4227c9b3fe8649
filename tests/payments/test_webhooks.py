"""Webhooks: signature first, once each, and never believed without asking back."""

import json
import time
from contextlib import nullcontext

import pytest
from django.db import connections
from django.test import Client

from domains.payments import actions, rules
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import GATEWAYS, Rejected
from domains.payments.gateways.signatures import check_signature, sign
from domains.payments.models import Decision, GatewayCommand, LedgerAccount, WebhookEvent
from domains.payments.rules import SignatureInvalid
from domains.payments.tasks import resolve_commands, sweep_webhooks
from kelmah import clock as kelmah_clock
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import PaymentSucceeded
from tests.payments.factories import cedis, in_wallet, ordered_deposit, ordered_payout, rich, ruling, somebody, state_of
from tests.payments.provider import DELAY, SECRET, Webhook

PATH = "/api/v1/webhooks/sandbox"
in_one_transaction = pytest.mark.domain("payments")


def event_about(ref: str = "ch_x", *, event_id: str = "evt_1", account: str = "kelmah") -> bytes:
    event = {"id": event_id, "type": "charge.succeeded", "account": account, "object": {"kind": "charge", "id": ref}}
    return json.dumps(event).encode()


def deliver(body: bytes, *, secret: str = SECRET, at: int | None = None, header: str | None = None, **headers: str):
    moment = int(kelmah_clock.now().timestamp()) if at is None else at
    signed = {"Sandbox-Signature": header or sign(secret, body, at=moment), **headers}
    return Client().post(PATH, body, content_type="application/json", headers=signed)


def forward(webhook: Webhook):
    """A webhook as it was caught on the wire, headers and all."""
    headers, body = webhook
    return deliver(body, header=headers["Sandbox-Signature"])


# The real thing


@in_one_transaction
def test_a_webhook_as_the_provider_sends_it_credits_the_deposit(provider, drain, published):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), "tok_pending")
    drain()
    assert state_of(deposit) == "processing"
    pending, done = provider.webhooks_about(command.id, count=2)
    assert [forward(hook).status_code for hook in (done, pending)] == [200, 200]
    drain()
    assert (state_of(deposit), in_wallet(by.user_id)) == ("succeeded", 1500)
    assert len(published.of(PaymentSucceeded)) == 1


@in_one_transaction
def test_answer_two_webhooks_and_janitor_credit_once(provider, drain, clock):
    by = somebody()
    _, command = ordered_deposit(by, cedis(15), "tok_webhook_twice")
    drain()
    hooks = provider.webhooks_about(command.id, count=2)
    assert hooks[0][1] == hooks[1][1], "the provider repeats the same event"
    for hook in hooks:
        forward(hook)
        drain()
    clock.advance(minutes=1)
    resolve_commands()
    assert (WebhookEvent.objects.count(), in_wallet(by.user_id)) == (1, 1500)


@in_one_transaction
def test_a_payout_that_the_bank_returns_days_later_is_heard_of_by_webhook_alone(provider, drain):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40), "acct_returned")
    drain()
    assert (state_of(payout), in_wallet(by.user_id)) == ("paid", 6000)
    time.sleep(DELAY)
    for hook in provider.webhooks_about(command.id, count=2):
        forward(hook)
    drain()
    assert (state_of(payout), in_wallet(by.user_id)) == ("returned", 10000)


@in_one_transaction
def test_a_second_charge_made_by_the_provider_is_heard_of_and_goes_to_suspense(provider, drain):
    by = somebody()
    _, command = ordered_deposit(by, cedis(15), "tok_charged_twice")
    drain()
    for hook in provider.webhooks_about(command.id, count=2):
        forward(hook)
    drain()
    assert in_wallet(by.user_id) == 1500
    assert LedgerAccount.objects.get(key="suspense:sandbox:GHS").balance == 1500


@in_one_transaction
def test_a_webhook_that_lies_credits_nothing(provider, drain):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), "tok_decline")
    drain()
    [declined] = provider.charges(command.id)
    deliver(event_about(declined["id"]))
    drain()
    assert (state_of(deposit), in_wallet(by.user_id)) == ("failed", 0)


# Signatures


@in_one_transaction
@pytest.mark.parametrize("offset", [-301, 70, -10_000, 10_000])
def test_a_signature_too_old_or_from_the_future_is_refused(provider, offset):
    response = deliver(event_about(), at=int(time.time()) + offset)
    assert (response.status_code, response.json()["code"]) == (400, "signature_invalid")
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize(("offset", "good"), [(-301, False), (-300, True), (60, True), (61, False)])
def test_the_tolerance_ends_at_its_last_second(offset, good):
    now, body = 1_800_000_000, b"{}"
    with nullcontext() if good else pytest.raises(SignatureInvalid):
        check_signature(sign(SECRET, body, at=now + offset), body, secrets=[SECRET], now=now)


@in_one_transaction
@pytest.mark.parametrize("offset", [-298, 58])
def test_a_signature_within_the_tolerance_is_good(provider, offset):
    assert deliver(event_about(), at=int(time.time()) + offset).status_code == 200


@in_one_transaction
@pytest.mark.parametrize(
    "header",
    ["none", "t=1", "v1=abc", "t=x,v1=abc", "t=99999999999999,v1=abc", "t=1,t=2,v1=abc", "t=1,v1=é", "nonsense", ",,="],
)
def test_a_malformed_signature_is_refused(provider, header):
    response = deliver(event_about(), header=header)
    assert (response.status_code, response.json()["code"]) == (400, "signature_invalid")


@in_one_transaction
def test_a_signature_of_an_older_scheme_or_with_two_times_is_refused(provider):
    body, now = event_about(), int(time.time())
    good = sign(SECRET, body, at=now).split(",")[1]
    assert deliver(body, header=f"t={now},v0={good[3:]}").status_code == 400
    assert deliver(body, header=f"t={now},t={now - 1},{good}").status_code == 400
    assert not WebhookEvent.objects.exists()


@in_one_transaction
def test_a_body_altered_by_one_byte_is_refused(provider):
    body = event_about()
    header = sign(SECRET, body, at=int(time.time()))
    assert deliver(body.replace(b"charge.", b"chargE."), header=header).status_code == 400


@in_one_transaction
def test_the_signature_is_over_the_bytes_as_they_came_not_over_what_they_mean(provider):
    body = event_about()
    header = sign(SECRET, body, at=int(time.time()))
    again = json.dumps(json.loads(body), separators=(",", ":"), sort_keys=True).encode()
    assert json.loads(again) == json.loads(body)
    assert deliver(again, header=header).status_code == 400
    assert deliver(body, header=header).status_code == 200


@in_one_transaction
def test_the_previous_secret_is_good_during_rotation_and_a_foreign_one_never(provider):
    assert deliver(event_about(), secret="whsec_old").status_code == 200
    assert deliver(event_about(), secret="whsec_evil").status_code == 400


@in_one_transaction
def test_no_header_of_the_request_chooses_the_secret(provider):
    chosen = {"X-Webhook-Secret": "whsec_evil", "Sandbox-Secret": "whsec_evil"}
    assert deliver(event_about(), secret="whsec_evil", **chosen).status_code == 400


@in_one_transaction
def test_one_good_signature_among_several_is_enough(provider):
    body, now = event_about(), int(time.time())
    good = sign(SECRET, body, at=now)
    assert deliver(body, header=f"t={now},v1={'0' * 64},{good.split(',')[1]}").status_code == 200


@in_one_transaction
@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"id": "x"}',
        b"not json",
        b"",
        event_about("../../v1/payouts/po_1"),
        event_about("ch_1?reference=x"),
        event_about().replace(b'"charge"', b'"transfer"'),
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(provider, body):
    assert deliver(body).status_code == 400
    assert not WebhookEvent.objects.exists()


@in_one_transaction
def test_where_the_provider_is_not_offered_its_webhooks_are_not_heard(settings):
    settings.SANDBOX_GATEWAY_ALLOWED = False
    assert deliver(event_about()).json()["code"] == "gateway_not_offered"


# Once each


@in_one_transaction
def test_the_same_event_id_of_another_account_is_another_event(provider):
    deliver(event_about())
    deliver(event_about(account="other"))
    deliver(event_about())
    assert WebhookEvent.objects.count() == 2


@pytest.mark.domain("payments", transaction=True)
def test_sixteen_deliveries_at_once_are_one_event_with_one_effect(provider, race, drain, published):
    by = somebody()
    _, command = ordered_deposit(by, cedis(15), "tok_webhook_never")
    GatewayCommand.objects.update(state="unknown", attempts=1)  # our own answer was lost
    charge = provider.charge(command.id, amount=1500)
    body = event_about(charge["id"])
    assert {response.status_code for response in race(lambda: deliver(body), 16)} == {200}
    drain()
    assert (WebhookEvent.objects.count(), in_wallet(by.user_id)) == (1, 1500)
    assert len(published.of(PaymentSucceeded)) == 1


@pytest.mark.domain("payments", transaction=True)
def test_sixteen_workers_on_one_event_have_one_effect(provider, race, published):
    by = somebody()
    _, command = ordered_deposit(by, cedis(15), "tok_webhook_never")
    GatewayCommand.objects.update(state="unknown", attempts=1)
    deliver(event_about(provider.charge(command.id, amount=1500)["id"]))
    event = WebhookEvent.objects.get()
    assert race(lambda: actions.process_webhook(event_pk=event.pk), 16) == [None] * 16
    assert (in_wallet(by.user_id), len(published.of(PaymentSucceeded))) == (1500, 1)


# Waiting, dying, and trying again


@in_one_transaction
def test_a_webhook_that_is_faster_than_our_commit_waits_and_is_applied_later(provider, drain, clock):
    early = new_id()
    deliver(event_about(provider.charge(early, amount=1500)["id"]))
    drain()
    assert WebhookEvent.objects.get().last_error == "about an order that is not ours"
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    GatewayCommand.objects.filter(id=command.id).update(id=early, state="sent", attempts=1)  # now it is committed
    clock.advance(minutes=1)
    sweep_webhooks()
    assert WebhookEvent.objects.get().processed_at is not None
    assert (state_of(deposit), in_wallet(by.user_id)) == ("succeeded", 1500)


@in_one_transaction
def test_an_event_about_nothing_becomes_a_dead_letter(provider, clock):
    deliver(event_about())
    for _ in range(60):
        clock.advance(hours=2)
        sweep_webhooks()
    event = WebhookEvent.objects.get()
    assert (event.dead_at is not None, event.processed_at, event.attempts) == (True, None, rules.OUTAGE_ATTEMPTS)


@in_one_transaction
def test_a_charge_that_we_never_ordered_becomes_a_dead_letter_within_hours(provider, clock):
    deliver(event_about(provider.charge("made by hand at the provider", amount=1500)["id"]))
    for _ in range(20):
        clock.advance(hours=1)
        sweep_webhooks()
    assert WebhookEvent.objects.get().attempts == rules.WEBHOOK_ATTEMPTS
    assert not LedgerAccount.objects.exists()


@in_one_transaction
def test_a_provider_that_is_down_for_half_a_day_loses_no_event(provider, settings, clock):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), "tok_webhook_never")
    GatewayCommand.objects.update(state="unknown", attempts=1)
    charge = provider.charge(command.id, amount=1500)
    deliver(event_about(charge["id"]))
    there, settings.SANDBOX_GATEWAY_URL = settings.SANDBOX_GATEWAY_URL, "http://127.0.0.1:9"
    for _ in range(40):
        clock.advance(minutes=20)
        sweep_webhooks()
    settings.SANDBOX_GATEWAY_URL = there
    clock.advance(hours=1)
    sweep_webhooks()
    assert (state_of(deposit), in_wallet(by.user_id)) == ("succeeded", 1500)


@in_one_transaction
def test_staff_replays_a_dead_letter_with_a_reason(provider, clock):
    early = new_id()
    deliver(event_about(provider.charge(early, amount=1500)["id"]))
    for _ in range(20):
        clock.advance(hours=2)
        sweep_webhooks()
    event = WebhookEvent.objects.get()
    assert event.dead_at
    by = somebody()
    _, command = ordered_deposit(by, cedis(15))
    GatewayCommand.objects.filter(id=command.id).update(id=early, state="sent", attempts=1)
    with pytest.raises(rules.ReasonMissing):
        actions.replay_webhook(event_pk=event.pk, ruling=ruling(""))
    actions.replay_webhook(event_pk=event.pk, ruling=ruling("the order was restored"))
    clock.advance(minutes=1)
    sweep_webhooks()
    assert in_wallet(by.user_id) == 1500
    assert Decision.objects.get().kind == "webhook.replay"


@in_one_transaction
def test_an_event_that_was_stored_but_whose_task_got_lost_is_swept_up(provider, clock):
    by = somebody()
    _, command = ordered_deposit(by, cedis(15), "tok_webhook_never")
    GatewayCommand.objects.update(state="unknown", attempts=1)
    deliver(event_about(provider.charge(command.id, amount=1500)["id"]))
    assert sweep_webhooks() == 0  # its own task comes first
    clock.advance(seconds=11)
    assert sweep_webhooks() == 1
    assert in_wallet(by.user_id) == 1500


@in_one_transaction
def test_one_bad_event_does_not_stop_the_sweep(provider, clock):
    by = somebody()
    _, bad = ordered_deposit(somebody(), cedis(15), "tok_webhook_never")
    _, good = ordered_deposit(by, cedis(15), "tok_webhook_never")
    GatewayCommand.objects.update(state="unknown", attempts=1)
    for number, command in enumerate((bad, good)):
        deliver(event_about(provider.charge(command.id, amount=1500)["id"], event_id=f"evt_{number}"))
    WebhookEvent.objects.filter(event_id="evt_0").update(gateway="closed-down")
    clock.advance(minutes=1)
    assert sweep_webhooks() == 2
    assert in_wallet(by.user_id) == 1500
    assert "GatewayNotOffered" in WebhookEvent.objects.get(event_id="evt_0").last_error


@in_one_transaction
def test_a_handled_event_is_not_marked_when_its_effect_is_refused(provider, clock):
    """An event that failed must not be taken for a handled one when it comes again."""
    by = somebody()
    _, command = ordered_deposit(by, cedis(15), "tok_webhook_never")
    GatewayCommand.objects.update(state="unknown", attempts=1)
    charge = provider.charge(command.id, amount=1500)
    deliver(event_about(charge["id"]))
    wallet = rules.available(by.user_id, "GHS")
    with connections["payments"].cursor() as cursor:
        cursor.execute("INSERT INTO payments_ledgeraccount (key, currency, floor) VALUES (%s, 'GHS', 0)", [wallet])
        cursor.execute("UPDATE payments_ledgeraccount SET closed = true WHERE key = %s", [wallet])
    clock.advance(minutes=1)
    sweep_webhooks()
    assert WebhookEvent.objects.get().processed_at is None
    with connections["payments"].cursor() as cursor:
        cursor.execute("UPDATE payments_ledgeraccount SET closed = false WHERE key = %s", [wallet])
    deliver(event_about(charge["id"]))
    clock.advance(minutes=1)
    sweep_webhooks()
    assert in_wallet(by.user_id) == 1500


@in_one_transaction
def test_a_late_event_about_a_decided_order_is_done_with(provider, clock):
    deposit, command = ordered_deposit(somebody(), cedis(15), "tok_decline")
    settle_command(command_id=command.id, outcome=Rejected(code="refused"))
    deliver(event_about(provider.charge(command.id, amount=1500, token="tok_decline")["id"]))
    clock.advance(minutes=1)
    sweep_webhooks()
    assert (state_of(deposit), WebhookEvent.objects.get().processed_at is not None) == ("failed", True)


@in_one_transaction
@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize("body", [b"[" * 900_000, b'{"key": "\\ud800", "txnid": "\\ud800"}', b"x" * 2_000_000])
def test_what_anybody_sends_without_a_signature_is_refused_and_breaks_nothing(gateway, body):
    answer = Client().post(f"/api/v1/webhooks/{gateway}", body, content_type="application/json")
    assert answer.status_code in (400, 413, 422)
    assert WebhookEvent.objects.count() == 0
