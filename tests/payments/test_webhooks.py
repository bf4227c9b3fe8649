"""Webhooks: signature first, once each, and never believed without asking back."""

import json
import time

import pytest

from domains.payments.gateways.signatures import sign
from domains.payments.models import Deposit, WebhookEvent
from domains.payments.tasks import sweep_webhooks
from kelmah import clock as kelmah_clock
from kelmah.ids import new_id
from tests.payments.factories import cedis, in_wallet, ordered_deposit, somebody
from tests.payments.provider import SECRET, sandbox

PATH = "/api/v1/webhooks/sandbox"
in_one_transaction = pytest.mark.domain("payments")


@pytest.fixture
def provider():
    with sandbox() as running:
        yield running


def event_about(reference: object, *, event_id: str = "evt_1") -> bytes:
    return json.dumps({"id": event_id, "kind": "charge", "reference": str(reference)}).encode()


def deliver(body: bytes, *, secret: str = SECRET, at: int | None = None, header: str | None = None):
    from django.test import Client

    moment = int(kelmah_clock.now().timestamp()) if at is None else at
    headers = {"Sandbox-Signature": header or sign(secret, body, at=moment)}
    return Client().post(PATH, body, content_type="application/json", headers=headers)


@in_one_transaction
def test_a_webhook_credits_what_the_provider_confirms(provider, drain):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    provider.provider.create(
        "charge", {"reference": str(command.id), "amount": 1500, "currency": "GHS", "instrument": "tok_success"}
    )
    assert deliver(event_about(command.id)).status_code == 200
    drain()
    assert (Deposit.objects.get(id=deposit.id).state, in_wallet(by.user_id)) == ("succeeded", 1500)


@in_one_transaction
def test_a_webhook_about_what_the_provider_denies_credits_nothing(provider, drain):
    by = somebody()
    _, command = ordered_deposit(by, cedis(15), "tok_decline")
    deliver(event_about(command.id))
    drain()
    assert in_wallet(by.user_id) == 0


@in_one_transaction
def test_the_same_event_twice_is_one(provider, drain):
    by = somebody()
    _, command = ordered_deposit(by, cedis(15))
    for _ in range(3):
        assert deliver(event_about(command.id)).status_code == 200
        drain()
    assert (WebhookEvent.objects.count(), in_wallet(by.user_id)) == (1, 1500)


@pytest.mark.domain("payments", transaction=True)
def test_sixteen_deliveries_at_once_are_one_event(provider, race, drain):
    by = somebody()
    _, command = ordered_deposit(by, cedis(15))
    body = event_about(command.id)
    assert {response.status_code for response in race(lambda: deliver(body), 16)} == {200}
    drain()
    assert (WebhookEvent.objects.count(), in_wallet(by.user_id)) == (1, 1500)


@in_one_transaction
@pytest.mark.parametrize("offset", [-301, 61])
def test_a_signature_too_old_or_from_the_future_is_refused(offset):
    body = event_about(new_id())
    response = deliver(body, at=int(time.time()) + offset)
    assert (response.status_code, response.json()["code"]) == (400, "signature_invalid")
    assert not WebhookEvent.objects.exists()


@in_one_transaction
@pytest.mark.parametrize(
    "header",
    ["", "t=1", "v1=abc", "t=x,v1=abc", "t=99999999999999,v1=abc", "t=1,t=2,v1=abc", "t=1,v1=é", "nonsense"],
)
def test_a_malformed_signature_is_refused(header):
    response = deliver(event_about(new_id()), header=header or "none")
    assert (response.status_code, response.json()["code"]) == (400, "signature_invalid")


@in_one_transaction
def test_a_body_altered_by_one_byte_is_refused():
    body = event_about(new_id())
    header = sign(SECRET, body, at=int(time.time()))
    assert deliver(body.replace(b"charge", b"chargE"), header=header).status_code == 400


@in_one_transaction
def test_the_previous_secret_is_good_during_rotation_and_a_foreign_one_never(provider):
    body = event_about(new_id())
    assert deliver(body, secret="whsec_old").status_code == 200
    assert deliver(body, secret="whsec_evil").status_code == 400


@in_one_transaction
def test_one_good_signature_among_several_is_enough(provider):
    body, now = event_about(new_id()), int(time.time())
    good = sign(SECRET, body, at=now)
    assert deliver(body, header=f"t={now},v1={'0' * 64},{good.split(',')[1]}").status_code == 200


@in_one_transaction
def test_a_signed_body_that_is_no_event_is_refused():
    assert deliver(b"[]").status_code == 400
    assert deliver(b'{"id": "x"}').status_code == 400


@in_one_transaction
def test_a_webhook_that_is_faster_than_our_commit_waits_and_is_applied_later(provider, drain, clock):
    by, unknown = somebody(), new_id()
    deliver(event_about(unknown))
    drain()
    assert WebhookEvent.objects.get().processed_at is None
    _, command = ordered_deposit(by, cedis(15))
    WebhookEvent.objects.update(body=event_about(command.id))  # now the order it speaks of is here
    clock.advance(minutes=1)
    sweep_webhooks()
    assert WebhookEvent.objects.get().processed_at is not None


@in_one_transaction
def test_an_event_about_nothing_becomes_a_dead_letter_for_staff(provider, clock):
    deliver(event_about(new_id()))
    for _ in range(20):
        clock.advance(hours=2)
        sweep_webhooks()
    event = WebhookEvent.objects.get()
    assert (event.dead_at is not None, event.attempts) == (True, 12)
