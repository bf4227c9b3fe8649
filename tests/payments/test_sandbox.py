"""The sandbox provider by itself: honest about being one, once per key, and refused where it is not allowed."""

import json
import os
import subprocess
import sys
import time

import httpx
import pytest
from django.core.management import CommandError, call_command

from domains.payments.gateways import Order, Pending, Rejected, Succeeded, Unknown, gateway_named
from domains.payments.gateways.sandbox_memory import recall, write_down
from domains.payments.gateways.sandbox_provider import Provider
from domains.payments.gateways.signatures import check_signature
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.factories import cedis
from tests.payments.provider import ROOT, SECRET

FIFTEEN = cedis(15)
ORDER = {"reference": "r", "amount": 1500, "currency": "GHS", "instrument": "tok_success"}


def order(kind: str = "charge", instrument: str = "tok_success", amount: Money = FIFTEEN) -> Order:
    return Order(key=new_id(), kind=kind, amount=amount, instrument=instrument)


@pytest.fixture
def gateway(provider):
    return gateway_named("sandbox")


@pytest.mark.parametrize(
    ("kind", "instrument", "outcome"),
    [
        ("charge", "tok_success", Succeeded),
        ("charge", "tok_decline", Rejected),
        ("charge", "tok_pending", Pending),
        ("charge", "tok_error_charged", Unknown),
        ("charge", "acct_success", Rejected),
        ("payout", "acct_success", Succeeded),
        ("payout", "acct_reject", Rejected),
        ("payout", "acct_pending", Pending),
        ("payout", "tok_success", Rejected),
    ],
)
def test_magic_instruments_play_what_they_say(gateway, kind, instrument, outcome):
    assert type(gateway.submit(order(kind, instrument))) is outcome


@pytest.mark.parametrize("kind", ["charge", "payout"])
@pytest.mark.parametrize("amount", [Money(1, "JPY"), Money(12345, "GHS"), Money(12345, "KWD"), Money(10**8, "USD")])
def test_amounts_go_there_and_back_unchanged_in_every_currency(gateway, kind, amount):
    wanted = order(kind, "tok_success" if kind == "charge" else "acct_success", amount)
    told = [gateway.submit(wanted), gateway.query(wanted), gateway.fetch(kind, gateway.query(wanted).facts.ref)]
    assert [(outcome.facts.amount, outcome.facts.key) for outcome in told] == [(amount, wanted.key)] * 3


def test_one_key_is_one_charge_however_often_it_is_sent(gateway, provider):
    wanted = order()
    refs = {gateway.submit(wanted).facts.ref for _ in range(3)}
    assert (len(refs), len(provider.charges(wanted.key))) == (1, 1)


def test_one_key_with_another_order_is_refused_and_tells_nothing_about_the_first(gateway, provider):
    wanted = order()
    gateway.submit(wanted)
    another = Order(key=wanted.key, kind="charge", amount=cedis(99), instrument="tok_success")
    assert type(gateway.submit(another)) is Unknown
    assert [charge["amount"] for charge in provider.charges(wanted.key)] == [1500]


def test_what_it_never_saw_is_absent_and_what_cannot_be_asked_is_not(gateway, settings):
    assert gateway.query(order()).absent
    assert gateway.fetch("charge", "ch_nothing").absent
    settings.SANDBOX_GATEWAY_URL = "http://127.0.0.1:9"
    assert not gateway.query(order()).absent
    assert not gateway.submit(order()).absent


def test_a_charge_is_not_found_among_the_payouts(gateway):
    charge = gateway.submit(order())
    assert gateway.fetch("payout", charge.facts.ref).absent


def test_silence_is_longer_than_our_patience(gateway, impatient):
    began = time.monotonic()
    assert gateway.submit(order(instrument="tok_timeout_charged")) == Unknown(reason="ReadTimeout")
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    "change",
    [{"amount": 0}, {"amount": "15"}, {"amount": 1.5}, {"amount": True}, {"instrument": "tok_none"}, {"more": 1}],
)
def test_a_malformed_order_is_refused_and_makes_nothing(provider, change):
    body = {**ORDER, "reference": str(new_id()), **change}
    answer = httpx.post(f"{provider.url}/v1/charges", json=body, headers={"Idempotency-Key": str(new_id())})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "order_invalid")
    assert provider.charges(body["reference"]) == []


def test_an_order_without_a_key_is_refused(provider):
    assert httpx.post(f"{provider.url}/v1/charges", json=ORDER).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1/refunds",
        "/v1/charges",
        "/v1/disputes/dp_nothing",
        "/_control/faults",
        "/v1/charges/x/y",
        "/v1/charges/ch_nothing",
    ],
)
def test_other_addresses_are_not_found(provider, path):
    assert httpx.get(provider.url + path).status_code == 404


def test_its_webhooks_are_signed_over_their_bytes(gateway, provider):
    wanted = order()
    charge = gateway.submit(wanted)
    [(headers, body)] = provider.webhooks_about(wanted.key, count=1)
    check_signature(headers["Sandbox-Signature"], body, secrets=[SECRET], now=int(time.time()))
    notice = gateway.parse_webhook({"Sandbox-Signature": headers["Sandbox-Signature"]}, body)
    assert (notice.kind, notice.ref, notice.account) == ("charge", charge.facts.ref, "kelmah")


def test_it_says_that_its_money_is_not_real(gateway):
    assert gateway.submit(order()).facts.live is False


def test_what_it_knows_outlives_its_process(tmp_path):
    memory, wanted = tmp_path / "memory", {**ORDER, "instrument": "tok_pending"}
    before = Provider("http://127.0.0.1:9", "s", delay=3600.0)
    charged = before.order("charge", "key", json.dumps(wanted).encode())
    write_down(before, memory)
    after = Provider("http://127.0.0.1:9", "s", delay=0.0)
    recall(after, memory)
    assert after.order("charge", "key", json.dumps(wanted).encode()) == charged
    assert after.order("charge", "key", json.dumps({**wanted, "amount": 1}).encode()).status == 400
    [charge] = after.objects_of("charge", "r")
    until = time.monotonic() + 10
    while after.get("charge", charge["id"])["status"] != "succeeded":  # what was to happen later happens after all
        assert time.monotonic() < until
        time.sleep(0.01)
    assert (after.balance(), before.balance()) == ({"GHS": 1500}, {})


def test_without_a_memory_it_begins_with_nothing(tmp_path):
    provider = Provider("", "s")
    recall(provider, tmp_path / "none")
    assert provider.objects == {}


def test_where_it_is_not_allowed_it_does_not_start(settings):
    settings.SANDBOX_GATEWAY_ALLOWED = False
    with pytest.raises(CommandError, match="not allowed"):
        call_command("sandbox_gateway", port=0)


def test_a_port_that_is_taken_is_named_in_one_line(provider):
    port = provider.url.rpartition(":")[2]
    command = (sys.executable, "manage.py", "sandbox_gateway", "--port", port)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test", "LOCAL_DOMAINS": "payments"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert f"Port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr
