"""Cards that people leave with Stripe, and accounts to be paid to there: theirs alone, made once, forgotten."""

import httpx
import pytest
from django.db import IntegrityError, connections

from domains.payments.actions import privacy, profiles
from domains.payments.models import Deposit, GatewayProfile
from domains.payments.rules import NotOffered, ProviderRefused
from kelmah.errors import NotFound, Unavailable
from kelmah.ids import new_id
from kelmah.interfaces.privacy import Asked
from kelmah.testing.client import access_token
from tests.payments.factories import in_wallet, somebody
from tests.payments.gateways.stripe_peer import KEY, Stripe, _stripe_process, stripe_peer

pytestmark = pytest.mark.domain("payments")
__all__ = ["_stripe_process", "stripe_peer"]
CARDS, ACCOUNTS = "/wallet/saved-methods/stripe", "/wallet/payee-accounts/stripe"


@pytest.fixture(autouse=True)
def _offered(stripe_peer: Stripe, settings) -> None:
    settings.GATEWAYS = ["stripe", "sandbox"]


def leave_card(subject: Stripe, secret: str) -> str:
    """What Stripe's library in the payer's app does; the card's name there."""
    answer = httpx.post(f"{subject.peer.url}/_stripe/setup_intents", json={"client_secret": secret})
    return str(answer.raise_for_status().json()["id"])


def with_card(subject: Stripe, by) -> str:
    return leave_card(subject, profiles.begin_saving(by=by, gateway="stripe"))


def deposit_with(api, by, ref: str):
    method = {"type": "stripe", "payment_method": ref, "saved": True}
    order = {"amount": {"amount": 1500, "currency": "GHS"}, "method": method}
    return api.as_(by).post("/wallet/deposits", order, idempotency_key=new_id())


# Cards


def test_a_card_is_left_listed_charged_and_forgotten(api, stripe_peer, drain):
    by = somebody()
    assert api.as_(by).get(CARDS).json == {"items": []}
    begun = api.as_(by).post(CARDS, {})
    assert begun.status == 201
    ref = leave_card(stripe_peer, begun.json["client_secret"])
    [card] = api.as_(by).get(CARDS).json["items"]
    assert card == {"id": ref, "brand": "visa", "hint": "4242", "expires": "2030-12"}
    assert deposit_with(api, by, ref).status == 202
    drain()
    assert in_wallet(by.user_id) == 1500
    assert api.as_(by).delete(f"{CARDS}/{ref}").status == 204
    assert api.as_(by).get(CARDS).json == {"items": []}
    assert api.as_(by).delete(f"{CARDS}/{ref}").status == 404


def test_the_card_of_somebody_else_is_neither_seen_nor_charged_nor_forgotten(api, stripe_peer, drain):
    owner, other = somebody(), somebody()
    ref = with_card(stripe_peer, owner)
    assert deposit_with(api, other, ref).status == 404, "who never left a card has none"
    with_card(stripe_peer, other)
    assert ref not in {card["id"] for card in api.as_(other).get(CARDS).json["items"]}
    assert api.as_(other).delete(f"{CARDS}/{ref}").status == 404
    assert deposit_with(api, other, ref).status == 202
    drain()
    assert (Deposit.objects.get(user_id=other.user_id).state, in_wallet(other.user_id)) == ("failed", 0)
    assert [card.ref for card in profiles.saved(by=owner, gateway="stripe")] == [ref]


def test_a_saved_card_is_not_charged_without_its_owners_name(api, stripe_peer, drain):
    ref = with_card(stripe_peer, somebody())
    by = somebody()
    order = {"amount": {"amount": 1500, "currency": "GHS"}, "method": {"type": "stripe", "payment_method": ref}}
    assert api.as_(by).post("/wallet/deposits", order, idempotency_key=new_id()).status == 202
    drain()
    assert (Deposit.objects.get(user_id=by.user_id).state, in_wallet(by.user_id)) == ("failed", 0)


# Accounts


def test_an_account_to_be_paid_to_is_made_once_and_completed_at_stripe(api, stripe_peer):
    by = somebody(role="worker")
    first, again = (api.as_(by).post(ACCOUNTS, {"country": "KE"}) for _ in range(2))
    assert (first.status, first.json["account"]) == (201, again.json["account"])
    assert first.json["url"].startswith(f"https://connect.stripe.com/setup/e/{first.json['account']}/")
    assert first.json["url"] != again.json["url"]
    authorized = {"Authorization": f"Bearer {KEY}"}
    made = httpx.get(f"{stripe_peer.peer.url}/v1/accounts/{first.json['account']}", headers=authorized).json()
    assert made["settings"]["payouts"]["schedule"]["interval"] == "manual"


def test_a_country_that_stripe_does_not_serve_is_refused_and_another_can_be_tried(api):
    by = somebody(role="worker")
    assert api.as_(by).post(ACCOUNTS, {"country": "GH"}).code == "provider_refused"
    assert api.as_(by).post(ACCOUNTS, {"country": "DE"}).status == 201


# Who may


@pytest.mark.parametrize(("method", "path"), [("get", CARDS), ("post", CARDS), ("post", ACCOUNTS)])
def test_nobody_is_asked_to_log_in(api, method, path):
    assert getattr(api.anonymous, method)(path, *([{}] if method == "post" else [])).status == 401
    assert api.anonymous.delete(f"{CARDS}/pm_1").status == 401


def test_who_may_take_no_money_out_gets_no_account_and_others_prove_who_they_are(api):
    assert api.as_(somebody(role="support")).post(ACCOUNTS, {"country": "KE"}).status == 403
    old = api.with_token(access_token(somebody(role="worker"), proven_before=660))
    assert old.post(ACCOUNTS, {"country": "KE"}).code == "step_up_required"
    assert not GatewayProfile.objects.exists()


def test_providers_that_keep_nothing_and_providers_that_are_not_offered_say_so(api):
    by = somebody(role="worker")
    assert api.as_(by).get("/wallet/saved-methods/sandbox").code == NotOffered.code
    assert api.as_(by).post("/wallet/payee-accounts/nobody", {"country": "KE"}).code == "gateway_not_offered"


# What can go wrong


def test_while_stripe_is_silent_nothing_is_made_twice(stripe_peer):
    by = somebody()
    stripe_peer.peer.fault("POST /v1/customers", "silence")
    with pytest.raises(Unavailable):
        profiles.begin_saving(by=by, gateway="stripe")
    ref = with_card(stripe_peer, by)
    assert [card.ref for card in profiles.saved(by=by, gateway="stripe")] == [ref]
    key = str(GatewayProfile.objects.get(user_id=by.user_id).id)
    sent = [call["headers"]["Idempotency-Key"] for call in stripe_peer.peer.calls("POST /v1/customers")]
    assert sent.count(key) == 2


@pytest.mark.domain("payments", transaction=True)
def test_two_who_begin_at_once_are_one_customer(stripe_peer, race):
    by = somebody()
    results = race(lambda: profiles.begin_saving(by=by, gateway="stripe"), 4)
    assert all(isinstance(result, str) for result in results), results
    assert GatewayProfile.objects.filter(user_id=by.user_id).count() == 1
    for secret in results:
        leave_card(stripe_peer, secret)
    assert len(profiles.saved(by=by, gateway="stripe")) == 4


def test_a_record_at_a_gateway_belongs_to_one(stripe_peer):
    with_card(stripe_peer, by := somebody())
    ref = GatewayProfile.objects.get(user_id=by.user_id).ref
    insert = (
        "INSERT INTO payments_gatewayprofile (id, user_id, gateway, kind, ref, created_at) "
        "VALUES (%s, %s, 'stripe', %s, %s, now())"
    )
    for kind, taken in (("payer", ref), ("friend", "cus_2")):
        with pytest.raises(IntegrityError), connections["payments"].cursor() as cursor:
            cursor.execute("SAVEPOINT here")
            try:
                cursor.execute(insert, [new_id(), new_id(), kind, taken])
            finally:
                cursor.execute("ROLLBACK TO here")


def test_whoever_is_erased_here_has_no_cards_left_there(stripe_peer, drain):
    by = somebody()
    with_card(stripe_peer, by)
    ref = GatewayProfile.objects.get(user_id=by.user_id).ref
    privacy.answer(Asked(request_id=new_id(), user_id=by.user_id, step="erase"))
    drain()
    assert not GatewayProfile.objects.filter(user_id=by.user_id).exists()
    with pytest.raises(ProviderRefused):
        stripe_peer.gateway.saved(payer=ref)
    profiles.close_payer(gateway="stripe", ref=ref)  # again is safe
    with pytest.raises(NotFound):
        profiles.forget(by=by, gateway="stripe", ref="pm_1")
