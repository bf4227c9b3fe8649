"""Webhooks of charges, refunds and disputes, in any order, repeated, early and late: the books end the same."""

import itertools
import json
import time

import httpx
import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.payments import actions, rules
from domains.payments.actions import refunds
from domains.payments.gateways.signatures import sign
from domains.payments.models import Chargeback, Deposit, GatewayCommand, LedgerAccount, Refund, WebhookEvent
from domains.payments.queries import refunds as queries
from domains.payments.tasks import collect_debts, sweep_webhooks
from kelmah.ids import new_id
from tests.payments.factories import balance, cedis, in_wallet, ordered_deposit, ruling, somebody, state_of
from tests.payments.provider import DELAY, SECRET, Provider, Webhook

pytestmark = pytest.mark.domain("payments")
PATIENT = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
NOTICES = ["created", "processing", "succeeded", "refunded", "withdrawn", "reinstated"]
numbers = itertools.count()


def tell(kind: str, ref: str, *, event_id: str = "") -> None:
    """A webhook about an object arrives and is looked into."""
    event_id = event_id or f"evt_{next(numbers)}"
    event = {"id": event_id, "account": "kelmah", "object": {"kind": kind, "id": ref}}
    body = json.dumps(event).encode()
    headers = {"Sandbox-Signature": sign(SECRET, body, at=int(time.time()))}
    answer = Client().post("/api/v1/webhooks/sandbox", body, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    for pk in WebhookEvent.objects.filter(event_id=event_id, processed_at=None).values_list("pk", flat=True):
        actions.process_webhook(event_pk=pk)


def forward(webhook: Webhook) -> None:
    """One as it was caught on the wire."""
    headers, body = webhook
    signed = {"Sandbox-Signature": headers["Sandbox-Signature"]}
    Client().post("/api/v1/webhooks/sandbox", body, content_type="application/json", headers=signed)


class History:
    """What happens at the provider, step by step: a charge of 100, 40 of it refunded there by hand, a dispute of the
    whole charge that takes it and is won."""

    def __init__(self, provider: Provider, command: GatewayCommand) -> None:
        self.url, self.command, self.refs = provider.url, command, dict[str, str]()
        self.steps = iter(["charge", "refund", "withdrawn", "reinstated"])

    def go_on(self) -> None:
        match next(self.steps, ""):
            case "charge":
                order = {"instrument": "tok_webhook_never"}
                self.refs["charge"] = self._post("/v1/charges", str(self.command.id), amount=10000, **order)
            case "refund":
                self.refs["refund"] = self._post("/v1/refunds", f"hand {new_id()}", amount=4000, **self._charge())
            case "withdrawn":
                self.refs["dispute"] = self._dispute("withdrawn")
            case "reinstated":
                self._dispute("reinstated")

    def tell_of(self, notice: str, **how: str) -> None:
        """Nobody tells of what does not exist yet."""
        kind = {"refunded": "refund", "withdrawn": "dispute", "reinstated": "dispute"}.get(notice, "charge")
        if kind in self.refs:
            tell(kind, self.refs[kind], **how)

    def _charge(self) -> dict[str, str]:
        return {"charge": self.refs["charge"]}

    def _dispute(self, phase: str) -> str:
        wish = {**self._charge(), "phase": phase, "ref": self.refs.get("dispute", "")}
        return str(httpx.post(f"{self.url}/_control/disputes", json=wish).json()["id"])

    def _post(self, path: str, key: str, **order: object) -> str:
        body = {"reference": key, "currency": "GHS", **order}
        answer = httpx.post(self.url + path, json=body, headers={"Idempotency-Key": key})
        return str(answer.json()["id"])


@PATIENT
@given(
    st.lists(st.sampled_from([*NOTICES, "goes on", "goes on"]), max_size=14),
    st.permutations(NOTICES),
)
def test_any_order_of_webhooks_ends_in_the_same_books(transactional_rollback, provider, early, late):
    """Row 18: created, processing, succeeded, refunded in part, taken by a dispute, given again; told early, while it
    happens, repeatedly, and all of it once more at the end."""
    with transactional_rollback():
        by = somebody()
        deposit, command = ordered_deposit(by, cedis(100))
        GatewayCommand.objects.filter(id=command.id).update(state="unknown", attempts=1)
        history = History(provider, command)
        for word in early:
            if word == "goes on":
                history.go_on()
            else:
                history.tell_of(word)
        for _ in range(4):
            history.go_on()
        for word in late:
            event_id = f"evt_{next(numbers)}"
            for _ in range(2):
                history.tell_of(word, event_id=event_id)
        collect_debts()
        assert (state_of(deposit), in_wallet(by.user_id)) == ("succeeded", 6000)
        assert queries.owed_by(by.user_id, "GHS").minor == 0
        assert (balance("gw:sandbox:GHS"), balance("suspense:sandbox:GHS")) == (-6000, 0)
        assert (Refund.objects.get().state, Chargeback.objects.get().state) == ("succeeded", "reinstated")


def test_the_word_of_a_dispute_that_overtakes_the_word_of_its_charge_books_both(provider):
    """Rows 18 and 19."""
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(100))
    GatewayCommand.objects.filter(id=command.id).update(state="unknown", attempts=1)
    history = History(provider, command)
    for _ in range(3):
        history.go_on()
    history.tell_of("withdrawn")
    assert (state_of(deposit), in_wallet(by.user_id), balance("gw:sandbox:GHS")) == ("succeeded", 0, 0)


def test_a_dispute_as_the_provider_sends_it_takes_and_gives_again(provider, drain):
    by = somebody()
    _, command = ordered_deposit(by, cedis(15), "tok_dispute_won")
    drain()
    assert in_wallet(by.user_id) == 1500
    time.sleep(DELAY * 3)
    hooks = provider.webhooks_about(command.id, count=3)
    for hook in hooks:
        forward(hook)
    drain()
    assert (in_wallet(by.user_id), Chargeback.objects.get().state) == (1500, "reinstated")


def test_a_refund_made_at_the_providers_desk_is_booked_and_owed_when_it_was_spent(provider, drain):
    """Row 24: it counts against what we may still refund."""
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(100))
    drain()
    charge = GatewayCommand.objects.get(id=command.id).gateway_ref
    history = History(provider, command)
    history.refs["charge"] = charge
    next(history.steps)
    actions.request_payout(by=by, amount=cedis(90), gateway="sandbox", destination="acct_success")
    drain()
    history.go_on()
    for _ in range(2):
        history.tell_of("refunded")
    assert (in_wallet(by.user_id), queries.owed_by(by.user_id, "GHS").minor) == (0, 3000)
    booked = queries.charge_named(gateway="sandbox", ref=charge)
    assert booked is not None
    assert queries.refundable(booked) == cedis(60)
    with pytest.raises(rules.DebtOutstanding):
        refunds.request_refund(by=by, deposit_id=deposit.id)


def test_a_refund_of_ours_is_heard_of_by_webhook_alone(provider, drain):
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(15), "tok_refund_waits")
    drain()
    refund = refunds.request_refund(by=by, deposit_id=deposit.id)
    drain()
    assert state_of(refund) == "processing"
    time.sleep(DELAY * 2)
    command = GatewayCommand.objects.get(kind="refund")
    for hook in provider.webhooks_about(command.id, count=2):
        forward(hook)
    drain()
    assert (state_of(refund), balance("gw:sandbox:GHS")) == ("succeeded", 0)


def test_a_second_charge_is_sent_back_and_a_dispute_of_it_then_finds_nothing_of_the_owner(provider, drain):
    by = somebody()
    _, command = ordered_deposit(by, cedis(15), "tok_charged_twice")
    drain()
    for hook in provider.webhooks_about(command.id, count=2):
        forward(hook)
    drain()
    ours = GatewayCommand.objects.get(id=command.id).gateway_ref
    [second] = [charge["id"] for charge in provider.charges(command.id) if charge["id"] != ours]
    refund = refunds.send_back(gateway="sandbox", charge_ref=second, ruling=ruling("charged twice"))
    drain()
    assert (state_of(refund), balance("suspense:sandbox:GHS"), in_wallet(by.user_id)) == ("succeeded", 0, 1500)


def test_a_dispute_of_a_charge_that_is_not_ours_becomes_a_dead_letter(provider, clock):
    """Row 19."""
    stranger = Deposit(id=new_id())
    history = History(provider, GatewayCommand(id=stranger.id))
    for _ in range(3):
        history.go_on()
    history.tell_of("withdrawn")
    for _ in range(20):
        clock.advance(hours=1)
        sweep_webhooks()
    event = WebhookEvent.objects.get()
    assert (event.dead_at is not None, event.last_error) == (True, "about an order that is not ours")
    assert not LedgerAccount.objects.exists()
