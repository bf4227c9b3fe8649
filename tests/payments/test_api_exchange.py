"""Wallets in many currencies, and changing between them, over HTTP."""

from decimal import Decimal

import pytest

from domains.payments.actions import exchange
from domains.payments.models import ExchangeQuote
from kelmah import clock
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.factories import cedis, funded_escrow, in_wallet, rich, somebody

pytestmark = pytest.mark.domain("payments")

WANTED = {"sell": {"amount": 40_000, "currency": "GHS"}, "buy": "USD"}


@pytest.fixture(autouse=True)
def rates():
    exchange.keep_rates({"GHS": Decimal("10.95")}, origin="Bank of Ghana", observed_at=clock.now())


def test_money_is_quoted_and_changed(api):
    by = rich(cedis(1000))
    quote = api.as_(by).post("/wallet/quotes", WANTED)
    assert (quote.status, quote.json["state"], quote.json["available_transitions"]) == (201, "open", ["accept"])
    assert quote.json["buy"] == {"amount": 3616, "currency": "USD"}
    assert (quote.json["market_rate"], quote.json["rate"]) == ("0.091324", "0.090411")
    path = f"/wallet/quotes/{quote.json['id']}"
    done = api.as_(by).post(f"{path}/accept", idempotency_key=new_id())
    assert (done.status, done.json["state"], done.json["available_transitions"]) == (200, "accepted", [])
    assert api.as_(by).get(path).json == done.json
    again = api.as_(by).post(f"{path}/accept", idempotency_key=new_id())
    assert (again.json, in_wallet(by.user_id)) == (done.json, 60_000)
    [line] = api.as_(by).get("/wallet/statement", currency="USD").json["items"]
    assert (line["kind"], line["amount"]["amount"], line["reference"]["rate_from"]) == (
        "exchange",
        3616,
        "Bank of Ghana",
    )


def test_all_wallets_at_once(api):
    by = rich(cedis(30))
    rich(Money(700, "JPY"), by.user_id)
    funded_escrow(hirer_id=by.user_id)
    wallets = api.as_(by).get("/wallets").json["items"]
    assert [(w["available"]["currency"], w["available"]["amount"], w["in_escrow"]["amount"]) for w in wallets] == [
        ("GHS", 3000, 125_000),
        ("JPY", 700, 0),
    ]
    assert api.as_(somebody()).get("/wallets").json == {"items": []}


@pytest.mark.in_process
def test_all_wallets_are_one_query(api, django_assert_num_queries):
    by = rich(cedis(30))
    with django_assert_num_queries(1, using="payments"):
        api.as_(by).get("/wallets")


def test_other_peoples_quotes_do_not_exist(api):
    """Row 36."""
    by, stranger = rich(cedis(1000)), rich(cedis(1000))
    path = f"/wallet/quotes/{api.as_(by).post('/wallet/quotes', WANTED).json['id']}"
    assert api.as_(stranger).get(path).status == 404
    assert api.as_(stranger).post(f"{path}/accept", idempotency_key=new_id()).status == 404
    assert (in_wallet(by.user_id), in_wallet(stranger.user_id)) == (100_000, 100_000)


def test_nobody_changes_money(api):
    assert api.anonymous.get("/wallets").status == 401
    assert api.anonymous.post("/wallet/quotes", WANTED).status == 401
    assert api.anonymous.get(f"/wallet/quotes/{new_id()}").status == 401
    assert api.anonymous.post(f"/wallet/quotes/{new_id()}/accept", idempotency_key=new_id()).status == 401


def test_an_acceptance_needs_a_key_and_money(api):
    by = rich(cedis(10))
    path = f"/wallet/quotes/{api.as_(by).post('/wallet/quotes', WANTED).json['id']}/accept"
    assert api.as_(by).post(path).code == "idempotency_key_required"
    answer = api.as_(by).post(path, idempotency_key=new_id())
    assert (answer.status, answer.code, in_wallet(by.user_id)) == (422, "insufficient_funds", 1000)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"buy": "GHS"}, 422, "same_currency"),
        ({"buy": "EUR"}, 503, "exchange_rate_missing"),
        ({"buy": "XXX"}, 400, "invalid_input"),
        ({"sell": {"amount": -5, "currency": "GHS"}}, 400, "invalid_input"),
        ({"sell": {"amount": 1, "currency": "GHS"}}, 422, "amount_too_small"),
        ({"rate": "1.0"}, 400, "invalid_input"),
    ],
)
def test_what_can_not_be_quoted(api, change, status, code):
    answer = api.as_(somebody()).post("/wallet/quotes", {**WANTED, **change})
    assert (answer.status, answer.code) == (status, code)
    assert not ExchangeQuote.objects.exists()
