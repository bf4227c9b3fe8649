"""Payments over HTTP: the right user, the wrong one, and nobody."""

import pytest

from domains.payments import actions
from domains.payments.models import Deposit, Payout
from kelmah.ids import new_id
from tests.payments.factories import cedis, funded_escrow, in_wallet, rich, somebody

pytestmark = pytest.mark.domain("payments")

DEPOSIT = {"amount": {"amount": 1500, "currency": "GHS"}, "method": {"type": "sandbox", "token": "tok_success"}}
PAYOUT = {
    "amount": {"amount": 4000, "currency": "GHS"},
    "destination": {"type": "sandbox", "account": "acct_success"},
}


def test_my_wallet_shows_what_is_there_coming_and_protected(api):
    escrow = funded_escrow()
    hirer = rich(cedis(30), escrow.hirer_id)
    api.as_(hirer).post("/wallet/deposits", DEPOSIT, idempotency_key=new_id())
    wallet = api.as_(hirer).get("/wallet").json
    assert [wallet[name]["amount"] for name in ("available", "pending", "in_escrow")] == [3000, 1500, 125000]


def test_a_deposit_needs_an_idempotency_key(api):
    answer = api.as_(somebody()).post("/wallet/deposits", DEPOSIT)
    assert (answer.status, answer.code) == (400, "idempotency_key_required")


def test_a_repeated_key_is_one_deposit_and_another_body_is_refused(api):
    by, key = somebody(), new_id()
    first = api.as_(by).post("/wallet/deposits", DEPOSIT, idempotency_key=key)
    again = api.as_(by).post("/wallet/deposits", DEPOSIT, idempotency_key=key)
    assert (first.status, again.status, first.json["id"]) == (202, 202, again.json["id"])
    assert Deposit.objects.count() == 1
    more = {**DEPOSIT, "amount": {"amount": 9999, "currency": "GHS"}}
    assert api.as_(by).post("/wallet/deposits", more, idempotency_key=key).code == "idempotency_key_reused"
    assert Deposit.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"amount": {"amount": 0, "currency": "GHS"}}, "/amount/amount"),
        ({"amount": {"amount": -5, "currency": "GHS"}}, "/amount/amount"),
        ({"amount": {"amount": 1.5, "currency": "GHS"}}, "/amount/amount"),
        ({"amount": {"amount": "100", "currency": "GHS"}}, "/amount/amount"),
        ({"amount": {"amount": 100, "currency": "XXX"}}, "/amount/currency"),
        ({"amount": {"amount": 10**12, "currency": "GHS"}}, "/amount/amount"),
        ({"method": {"type": "cash", "token": "tok_success"}}, "/method/type"),
        ({"method": {"type": "sandbox", "token": "4242424242424242"}}, "/method/token"),
        ({"user_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02"}, "/user_id"),
        ({"state": "succeeded"}, "/state"),
    ],
)
def test_a_bad_deposit_is_refused_field_by_field(api, change, pointer):
    answer = api.as_(somebody()).post("/wallet/deposits", {**DEPOSIT, **change}, idempotency_key=new_id())
    assert (answer.status, [error["pointer"] for error in answer.json["errors"]]) == (400, [pointer])
    assert not Deposit.objects.exists()


def test_a_payout_holds_the_amount(api):
    by = rich(cedis(100))
    answer = api.as_(by).post("/wallet/payouts", PAYOUT, idempotency_key=new_id())
    assert (answer.status, answer.json["state"], in_wallet(by.user_id)) == (202, "processing", 6000)
    second = api.as_(by).post("/wallet/payouts", PAYOUT, idempotency_key=new_id())
    assert (second.status, second.code) == (409, "payout_in_flight")


def test_too_much_and_too_little_are_refused(api):
    by = rich(cedis(10))
    too_much = api.as_(by).post("/wallet/payouts", PAYOUT, idempotency_key=new_id())
    too_little = {**PAYOUT, "amount": {"amount": 99, "currency": "GHS"}}
    small = api.as_(by).post("/wallet/payouts", too_little, idempotency_key=new_id())
    assert (too_much.status, too_much.code) == (422, "insufficient_funds")
    assert (small.status, small.code) == (422, "amount_too_small")
    assert (Payout.objects.count(), in_wallet(by.user_id)) == (0, 1000)


def test_other_peoples_money_does_not_exist(api):
    owner, stranger = rich(cedis(100)), somebody()
    deposit = Deposit.objects.get()
    payout = actions.request_payout(by=owner, amount=cedis(40), gateway="sandbox", destination="acct_success")
    escrow = funded_escrow()
    paths = (
        f"/wallet/deposits/{deposit.id}",
        f"/wallet/payouts/{payout.id}",
        f"/escrows/{escrow.milestone_id}",
    )
    for path in paths:
        assert api.as_(stranger).get(path).status == 404
        assert api.anonymous.get(path).status == 401
    assert api.as_(owner).get(paths[0]).status == 200
    assert api.as_(somebody(escrow.worker_id, "worker")).get(paths[2]).json["net"]["amount"] == 112500


@pytest.mark.parametrize("path", ["/wallet", "/wallet/statement", "/ledger/check"])
def test_nobody_reads_money(api, path):
    assert api.anonymous.get(path).status == 401


def test_nobody_moves_money(api):
    for path, body in (("/wallet/deposits", DEPOSIT), ("/wallet/payouts", PAYOUT)):
        assert api.anonymous.post(path, body, idempotency_key=new_id()).status == 401


def test_the_books_are_for_staff(api):
    assert api.as_(somebody()).get("/ledger/check").status == 403
    books = api.as_(somebody(role="staff")).get("/ledger/check").json
    assert (books["in_order"], len(books["invariants"])) == (True, 8)


def test_the_statement_comes_in_pages_and_adds_up(api, django_assert_num_queries):
    by = rich(cedis(100))
    for _ in range(6):
        rich(cedis(1), by.user_id)
    seen, cursor = [], {}
    while True:
        page = api.as_(by).get("/wallet/statement", limit=3, **cursor)
        seen += page.json["items"]
        if not page.json["next"]:
            break
        cursor = {"cursor": page.json["next"]}
    assert [line["amount"]["amount"] for line in seen] == [100] * 6 + [10000]
    assert seen[0]["balance_after"]["amount"] == 10600
    for limit in (1, 7):
        with django_assert_num_queries(1, using="payments"):
            api.as_(by).get("/wallet/statement", limit=limit)


def test_a_cursor_of_another_user_is_refused(api):
    by = rich(cedis(1))
    rich(cedis(1), by.user_id)
    cursor = api.as_(by).get("/wallet/statement", limit=1).json["next"]
    assert api.as_(somebody()).get("/wallet/statement", cursor=cursor).code == "cursor_invalid"
