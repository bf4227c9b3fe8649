"""Stripe keeps the contract of all gateways, and what else it promises, against a peer that has the SDK's own types."""

import json
import time
from datetime import timedelta

import httpx
import pytest

from domains.payments.gateways import (
    Notice,
    Pending,
    Rejected,
    Returned,
    Succeeded,
    Unknown,
)
from domains.payments.rules import SignatureInvalid
from kelmah import clock
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.gateways.contract import Contract
from tests.payments.gateways.stripe_peer import KEY, POINTED, SECRET, Stripe, _stripe_process, signed, stripe_peer
from tests.peers.running import peer

__all__ = ["_stripe_process", "stripe_peer"]


class TestStripe(Contract):
    @pytest.fixture
    def subject(self, stripe_peer: Stripe) -> Stripe:
        return stripe_peer


def paid(subject: Stripe, **order: object) -> Succeeded:
    outcome = subject.settled(subject.order(**order))
    assert isinstance(outcome, Succeeded), outcome
    return outcome


def held(subject: Stripe) -> int:
    return sum(each.minor for each in subject.gateway.balance() if each.currency == "GHS")


# Charges


def test_a_charge_tells_what_stripe_kept_of_it(stripe_peer):
    assert paid(stripe_peer).facts.fee == Money(30, "GHS")


def test_a_key_that_answers_500_for_ever_leads_to_a_question_and_to_one_charge(stripe_peer, settings):
    """Row 17: Stripe keeps the first answer of a key, also a 500; the charge was made all the same."""
    order = stripe_peer.order()
    order = type(order)(key=order.key, kind="charge", amount=order.amount, instrument="pm_error")
    told = [stripe_peer.gateway.submit(order) for _ in range(2)]
    assert [type(outcome) for outcome in told] == [Unknown, Unknown]
    assert isinstance(stripe_peer.gateway.query(order), Succeeded)
    assert stripe_peer.made(order) == 1


def test_an_account_that_may_not_search_finds_its_orders_in_the_list_over_all_pages(settings):
    """Stripe's search lags, and is not there in every country; the list since the order was made is exact."""
    with peer("stripe", webhook_secret=SECRET, key=KEY, searchable=False, page=5) as running:
        for name, value in (POINTED | {"STRIPE_API_URL": running.url}).items():
            setattr(settings, name, value)
        subject = Stripe(running)
        first = subject.order()
        told = subject.gateway.submit(first)
        with httpx.Client(base_url=running.url, headers={"Authorization": f"Bearer {KEY}"}) as other:
            for number in range(11):
                form = {"amount": 100, "currency": "usd", "payment_method": "pm_card_visa", "metadata[order]": "x"}
                answer = other.post("/v1/payment_intents", data=form, headers={"Idempotency-Key": str(number)})
                answer.raise_for_status()
        assert subject.gateway.query(first) == told
        assert len(running.calls("GET /v1/payment_intents")) > 3, "one page was enough"
        assert subject.gateway.query(subject.order()).absent


@pytest.mark.parametrize(
    ("method", "outcome", "then"), [("pm_slow", Pending, Succeeded), ("pm_slow_fails", Pending, Rejected)]
)
def test_a_bank_that_takes_days_decides_in_the_end(stripe_peer, method, outcome, then):
    order = stripe_peer.order()
    order = type(order)(key=order.key, kind="charge", amount=order.amount, instrument=method)
    assert type(stripe_peer.gateway.submit(order)) is outcome
    assert type(stripe_peer.followed(order)) is then


def test_the_payer_is_sent_to_their_bank_and_comes_back(stripe_peer):
    told = stripe_peer.gateway.submit(stripe_peer.order(part="waits"))
    assert told.next_action.kind == "redirect"
    assert told.next_action.data["url"].startswith("https://hooks.stripe.com/")


@pytest.mark.parametrize(
    ("method", "differs"), [("pm_drift", {"amount": Money(1499, "GHS")}), ("pm_other_mode", {"live": True})]
)
def test_what_really_moved_is_told_not_what_was_ordered(stripe_peer, method, differs):
    """Row 20."""
    order = stripe_peer.order()
    order = type(order)(key=order.key, kind="charge", amount=order.amount, instrument=method)
    facts = stripe_peer.gateway.submit(order).facts
    assert {name: getattr(facts, name) for name in differs} == differs


def test_a_key_that_is_wrong_says_nothing_about_the_order(stripe_peer, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_revoked"
    order = stripe_peer.order()
    for told in (stripe_peer.gateway.submit(order), stripe_peer.gateway.query(order)):
        assert (type(told), told.absent, "sk_test" in told.reason) == (Unknown, False, False)


# Row 29: amounts


def test_dinars_go_in_tens_of_their_smallest_unit_and_others_never_leave(stripe_peer):
    """Row 29: three decimals by ISO, of which cards know two."""
    assert paid(stripe_peer, amount=5120, currency="KWD").facts.amount == Money(5120, "KWD")
    order = stripe_peer.order(amount=5124, currency="KWD")
    before = len(stripe_peer.peer.calls("POST /v1/"))
    assert stripe_peer.gateway.submit(order) == Rejected(code="amount_not_writable")
    assert len(stripe_peer.peer.calls("POST /v1/")) == before


def test_shillings_of_uganda_are_whole_here_and_hundredths_there(stripe_peer):
    """Row 29."""
    order = stripe_peer.order(amount=500, currency="UGX")
    told = stripe_peer.settled(order)
    assert told.facts.amount == Money(500, "UGX")
    assert [m["minor"] for m in stripe_peer.peer.movements(order.key)] == [50_000]


# Payouts: two steps


@pytest.mark.parametrize("fault", ["silence", "error", "garbage", "lost", "refuse", "limit"])
def test_a_payout_that_broke_off_half_way_is_finished_once(stripe_peer, fault):
    order = stripe_peer.order("payout")
    stripe_peer.peer.fault("POST /v1/payouts", fault)
    told = stripe_peer.gateway.submit(order)
    assert (type(told), told.absent) == (Unknown, False)
    assert isinstance(stripe_peer.followed(order), Succeeded)
    assert stripe_peer.made(order) == 1
    payouts = httpx.get(
        f"{stripe_peer.peer.url}/v1/payouts",
        params={"limit": 100},
        headers={"Authorization": "Bearer sk_test_51peer", "Stripe-Account": "acct_good"},
    ).json()["data"]
    assert [p["amount"] for p in payouts if p["metadata"]["order"] == str(order.key)] == [1500]


def test_a_transfer_that_the_bank_side_refuses_is_taken_back_before_it_is_called_refused(stripe_peer):
    before = held(stripe_peer)
    order = stripe_peer.order("payout", part="refuses")
    assert stripe_peer.gateway.submit(order).code == "payouts_not_allowed"
    assert (held(stripe_peer), stripe_peer.made(order)) == (before, 0)


def test_while_the_money_is_not_back_a_refused_payout_is_unknown(stripe_peer):
    before = held(stripe_peer)
    order = stripe_peer.order("payout", part="refuses")
    stripe_peer.peer.fault("POST /v1/transfers/.*/reversals", "refuse")
    first = stripe_peer.gateway.submit(order)
    assert (type(first), first.absent) == (Unknown, False)
    assert held(stripe_peer) == before - 1500
    assert isinstance(stripe_peer.gateway.query(order), Rejected)
    assert isinstance(stripe_peer.gateway.submit(order), Rejected)
    assert held(stripe_peer) == before


def test_a_payout_that_comes_back_is_back_with_us_once_however_often_we_look(stripe_peer):
    """Row 25."""
    before = held(stripe_peer)
    order = stripe_peer.order("payout", part="returns")
    assert isinstance(stripe_peer.settled(order), Succeeded)
    stripe_peer.pass_time()
    told = [stripe_peer.gateway.query(order) for _ in range(3)]
    assert {type(outcome) for outcome in told} == {Returned}
    assert [outcome.code for outcome in told] == ["account_closed"] * 3
    assert held(stripe_peer) == before


def test_what_a_webhook_leads_to_is_read_and_never_paid_out(stripe_peer):
    order = stripe_peer.order("payout")
    stripe_peer.peer.fault("POST /v1/payouts", "lost")
    stripe_peer.gateway.submit(order)
    ref = stripe_peer.peer.movements(order.key)[0]["ref"]
    before = len(stripe_peer.peer.calls("POST /v1/"))
    assert isinstance(stripe_peer.gateway.fetch("payout", ref), Unknown)
    assert len(stripe_peer.peer.calls("POST /v1/")) == before


# Refunds


def test_a_refund_that_fails_days_later_is_told_as_returned(stripe_peer):
    charge = paid(stripe_peer).facts.ref
    order = stripe_peer.order("refund", amount=114, of=charge)
    assert isinstance(stripe_peer.gateway.submit(order), Pending)
    told = stripe_peer.followed(order)
    assert (type(told), told.code, told.facts.of) == (Returned, "expired_or_canceled_card", charge)


def test_a_disputed_charge_can_not_be_given_back_as_well(stripe_peer):
    charge = paid(stripe_peer).facts.ref
    stripe_peer.dispute(charge, phase="withdrawn")
    assert stripe_peer.gateway.submit(stripe_peer.order("refund", of=charge)).code == "charge_disputed"


# Webhooks


def event(thing: dict[str, object], **more: object) -> bytes:
    return json.dumps({"id": "evt_1", "type": "x", "data": {"object": thing}, **more}).encode()


@pytest.mark.parametrize(
    ("thing", "kind", "ref"),
    [
        ({"object": "payment_intent", "id": "pi_1"}, "charge", "pi_1"),
        ({"object": "refund", "id": "re_1"}, "refund", "re_1"),
        ({"object": "dispute", "id": "dp_1"}, "dispute", "dp_1"),
        ({"object": "transfer", "id": "tr_1"}, "payout", "tr_1"),
        ({"object": "payout", "id": "po_1", "metadata": {"transfer": "tr_1"}}, "payout", "tr_1"),
    ],
)
def test_events_lead_to_the_objects_that_we_follow(stripe_peer, thing, kind, ref):
    notice = stripe_peer.gateway.parse_webhook(*signed(event(thing)))
    assert notice == Notice(event_id="evt_1", account="acct_kelmah", kind=kind, ref=ref)


@pytest.mark.parametrize("thing", [{"object": "charge", "id": "ch_1"}, {"object": "payout", "id": "po_1"}])
def test_events_of_what_we_do_not_follow_lead_nowhere(stripe_peer, thing):
    assert stripe_peer.gateway.parse_webhook(*signed(event(thing))) is None


def test_an_event_of_a_connected_account_is_signed_with_its_endpoints_secret_and_names_the_account(stripe_peer):
    body = event({"object": "payout", "id": "po_1", "metadata": {"transfer": "tr_1"}}, account="acct_good")
    assert stripe_peer.gateway.parse_webhook(*signed(body, secret="whsec_of_connect")).account == "acct_good"


@pytest.mark.parametrize("ref", ["../balance", "pi_1?expand=x", "", "pi_" + "x" * 400, 7])
def test_a_signed_event_can_not_lead_to_another_address(stripe_peer, ref):
    with pytest.raises(SignatureInvalid):
        if stripe_peer.gateway.parse_webhook(*signed(event({"object": "payment_intent", "id": ref}))) is None:
            raise SignatureInvalid


def test_the_event_of_a_payout_that_failed_leads_to_its_transfer(stripe_peer):
    order = stripe_peer.order("payout", part="returns")
    stripe_peer.settled(order)
    stripe_peer.pass_time()
    deadline = time.monotonic() + 10
    failed: list[tuple[dict[str, str], bytes]] = []
    while not failed:
        assert time.monotonic() < deadline
        told = stripe_peer.peer.notices_about(order.key, count=1)
        failed = [hook for hook in told if b'"status": "failed"' in hook[1]]
    notice = stripe_peer.gateway.parse_webhook(*failed[0])
    assert (notice.kind, notice.account, notice.key) == ("payout", "acct_returns", order.key)
    assert isinstance(stripe_peer.gateway.fetch(notice.kind, notice.ref), Returned)


# Statements


def test_a_statement_says_what_came_what_went_and_what_stripe_kept(stripe_peer):
    charge = paid(stripe_peer).facts
    refund = paid(stripe_peer, kind="refund", amount=700, of=charge.ref).facts
    back = stripe_peer.order("payout", part="refuses")
    stripe_peer.gateway.submit(back)
    ref = stripe_peer.peer.movements(back.key)[0]["ref"]
    lines = stripe_peer.gateway.statement(clock.now().date())
    of = {(line.kind, line.ref, line.amount.minor): (line.fee.minor, line.key) for line in lines}
    assert of["charge", charge.ref, 1500] == (30, charge.key)
    assert of["refund", refund.ref, -700] == (0, refund.key)
    assert of["payout", ref, -1500] == (0, back.key)
    assert of["payout", ref, 1500] == (0, None)


def test_the_balance_is_what_the_statements_sum_to(stripe_peer):
    paid(stripe_peer)
    today = clock.now().date()
    lines = [line for day in (today, today - timedelta(days=1)) for line in stripe_peer.gateway.statement(day)]
    assert held(stripe_peer) == sum(x.amount.minor - x.fee.minor for x in lines if x.amount.currency == "GHS")


def test_of_an_account_whose_owner_was_sent_to_stripe_no_name_is_told(stripe_peer):
    """From the link on, an account has neither ``individual`` nor ``company``: staff look at the method."""
    account = stripe_peer.gateway.open_payee(key=new_id(), country="US")
    stripe_peer.gateway.payee_page(account)
    assert stripe_peer.gateway.name_of(account) == ""
