"""Payments over HTTP: the right user, the wrong one, and nobody."""

from dataclasses import replace

import pytest
from django.db import connections

from domains.payments import actions, rules
from domains.payments.models import BooksCheck, Deposit, GatewayCommand, Payout
from domains.payments.queries import statements
from kelmah import clock
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.principal import Principal
from tests.payments.factories import cedis, funded_escrow, in_wallet, rich, ruling, somebody, state_of

pytestmark = pytest.mark.domain("payments")

DEPOSIT = {"amount": {"amount": 1500, "currency": "GHS"}, "method": {"type": "sandbox", "token": "tok_success"}}

PAYOUT = {
    "amount": {"amount": 4000, "currency": "GHS"},
    "destination": {"type": "sandbox", "account": "acct_success"},
}


def worker(somebody_else: Principal) -> Principal:
    return somebody(somebody_else.user_id, "worker")


def test_my_wallet_shows_what_is_there_coming_and_protected(api):
    escrow = funded_escrow()
    hirer = rich(cedis(30), escrow.hirer_id)
    api.as_(hirer).post("/wallet/deposits", DEPOSIT, idempotency_key=new_id())
    wallet = api.as_(hirer).get("/wallet").json
    assert [wallet[name]["amount"] for name in ("available", "pending", "in_escrow")] == [3000, 1500, 125000]


def test_a_deposit_needs_an_idempotency_key(api):
    answer = api.as_(somebody()).post("/wallet/deposits", DEPOSIT)
    assert (answer.status, answer.code) == (400, "idempotency_key_required")
    assert "the same one again when you repeat this request" in answer.json["detail"]


def test_who_names_no_provider_or_none_that_is_offered_hears_which_are(api):
    def refused(**method: str) -> dict:
        body = {**DEPOSIT, "method": method}
        return api.as_(somebody()).post("/wallet/deposits", body, idempotency_key=new_id()).json

    for method in ({"type": "cash"}, {"token": "tok_success"}, {"type": ["sandbox"]}):
        [error] = refused(**method)["errors"]
        assert error["pointer"] == "/method/type"
        assert error["detail"] == "Name a payment provider that is offered here: sandbox."
    unoffered = refused(type="stripe", payment_method="pm_1")
    assert (unoffered["code"], unoffered["data"]) == ("gateway_not_offered", {"offered": ["sandbox"]})
    assert "data.offered" in unoffered["detail"]


def test_amounts_that_cannot_be_read_are_refused_with_what_could(api):
    body = {**DEPOSIT, "amount": {"amount": "15.00", "currency": "cedi"}}
    answer = api.as_(somebody()).post("/wallet/deposits", body, idempotency_key=new_id())
    told = {error["pointer"]: error["detail"] for error in answer.json["errors"]}
    assert "12500 is 125.00 GHS" in told["/amount/amount"]
    assert "GBP, GHS" in told["/amount/currency"]


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
    by = worker(rich(cedis(100)))
    answer = api.as_(by).post("/wallet/payouts", PAYOUT, idempotency_key=new_id())
    assert (answer.status, answer.json["state"], in_wallet(by.user_id)) == (202, "processing", 6000)
    second = api.as_(by).post("/wallet/payouts", PAYOUT, idempotency_key=new_id())
    assert (second.status, second.code) == (409, "payout_in_flight")


def test_too_much_and_too_little_are_refused(api):
    by = worker(rich(cedis(10)))
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
    books = api.as_(somebody(role="finance")).get("/ledger/check").json
    assert (books["in_order"], len(books["invariants"])) == (True, 8)


@pytest.mark.in_process
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


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"amount": {"amount": 0, "currency": "GHS"}}, "/amount/amount"),
        ({"amount": {"amount": -4000, "currency": "GHS"}}, "/amount/amount"),
        ({"amount": {"amount": True, "currency": "GHS"}}, "/amount/amount"),
        ({"amount": {"amount": 4000}}, "/amount/currency"),
        ({"amount": 4000}, "/amount"),
        ({"destination": {"type": "cheque", "account": "acct_success"}}, "/destination/type"),
        ({"destination": {"type": "sandbox", "account": "../v1/charges"}}, "/destination/account"),
        ({"destination": {"type": "sandbox"}}, "/destination/account"),
        ({"user_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02"}, "/user_id"),
    ],
)
def test_a_bad_payout_is_refused_field_by_field_and_takes_nothing(api, change, pointer):
    by = worker(rich(cedis(100)))
    answer = api.as_(by).post("/wallet/payouts", {**PAYOUT, **change}, idempotency_key=new_id())
    assert (answer.status, [error["pointer"] for error in answer.json["errors"]]) == (400, [pointer])
    assert (Payout.objects.count(), in_wallet(by.user_id)) == (0, 10000)


def test_only_workers_and_hirers_take_money_out(api):
    """A hirer too: what was deposited and not spent is theirs, and stands against their erasure until it is out."""
    by = rich(cedis(100))
    assert api.as_(by).post("/wallet/payouts", PAYOUT, idempotency_key=new_id()).status == 202
    staff = replace(rich(cedis(100)), roles=frozenset({"staff"}))
    answer = api.as_(staff).post("/wallet/payouts", PAYOUT, idempotency_key=new_id())
    assert (answer.status, answer.code, in_wallet(staff.user_id)) == (403, "wrong_role", 10000)


def test_a_payout_needs_an_idempotency_key(api):
    by = worker(rich(cedis(100)))
    assert api.as_(by).post("/wallet/payouts", PAYOUT).code == "idempotency_key_required"
    assert in_wallet(by.user_id) == 10000


def test_a_payout_sent_again_after_its_refusal_is_told_the_first_answer_and_moves_nothing(api, provider, drain):
    """Row 26. The key belongs to the order that was refused: a retry is neither a debit without a transfer nor the
    reverse."""
    by, key = worker(rich(cedis(100))), new_id()
    bad = {**PAYOUT, "destination": {"type": "sandbox", "account": "acct_reject"}}
    first = api.as_(by).post("/wallet/payouts", bad, idempotency_key=key)
    drain()
    assert (state_of(Payout.objects.get()), in_wallet(by.user_id)) == ("failed", 10000)
    again = api.as_(by).post("/wallet/payouts", bad, idempotency_key=key)
    drain()
    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert (Payout.objects.count(), in_wallet(by.user_id)) == (1, 10000)
    assert len(provider.payouts(GatewayCommand.objects.get(kind="payout").id)) == 1


def test_a_deposit_and_a_payout_from_end_to_end(api, provider, drain):
    by = somebody(role="worker")
    deposit = api.as_(by).post("/wallet/deposits", {**DEPOSIT, "amount": PAYOUT["amount"]}, idempotency_key=new_id())
    assert (deposit.json["state"], deposit.json["credited"], deposit.etag) == ("processing", None, '"1"')
    drain()
    done = api.as_(by).get(f"/wallet/deposits/{deposit.json['id']}")
    assert (done.json["state"], done.json["credited"], done.etag) == ("succeeded", PAYOUT["amount"], '"2"')
    payout = api.as_(by).post("/wallet/payouts", PAYOUT, idempotency_key=new_id())
    drain()
    paid = api.as_(by).get(f"/wallet/payouts/{payout.json['id']}").json
    assert (paid["state"], paid["available_transitions"]) == ("paid", [])
    kinds = [(line["kind"], line["amount"]["amount"]) for line in api.as_(by).get("/wallet/statement").json["items"]]
    assert kinds == [("payout_hold", -4000), ("deposit", 4000)]


def test_frozen_payouts_are_told_to_come_back_later(api):
    by = worker(rich(cedis(100)))
    BooksCheck.objects.create(at=clock.now(), broken=["something"])
    answer = api.as_(by).post("/wallet/payouts", PAYOUT, idempotency_key=new_id())
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "payouts_frozen", "600")
    assert in_wallet(by.user_id) == 10000


def test_an_escrow_shows_both_sides_what_it_holds_and_what_it_costs(api):
    escrow = funded_escrow()
    path = f"/escrows/{escrow.milestone_id}"
    for party in (somebody(escrow.hirer_id), somebody(escrow.worker_id, "worker")):
        shown = api.as_(party).get(path)
        assert (shown.json["state"], shown.json["amount"]["amount"], shown.etag) == ("funded", 125000, '"1"')
        assert (shown.json["fee"]["amount"], shown.json["net"]["amount"]) == (12500, 112500)
    actions.release_escrow(milestone_id=escrow.milestone_id)
    after = api.as_(somebody(escrow.hirer_id)).get(path)
    assert (after.json["state"], after.etag) == ("released", '"2"')


def test_the_other_side_of_the_work_stands_on_the_statement(api):
    escrow = funded_escrow()
    actions.release_escrow(milestone_id=escrow.milestone_id)
    [earned] = api.as_(somebody(escrow.worker_id, "worker")).get("/wallet/statement").json["items"]
    assert (earned["kind"], earned["amount"]["amount"]) == ("escrow_release", 112500)
    assert earned["counterparty_id"] == str(escrow.hirer_id)
    assert earned["reference"] == {"milestone_id": str(escrow.milestone_id), "title": escrow.title}
    spent = api.as_(somebody(escrow.hirer_id)).get("/wallet/statement").json["items"][0]
    assert (spent["kind"], spent["counterparty_id"]) == ("escrow_fund", str(escrow.worker_id))


def test_currencies_are_wallets_of_their_own(api):
    by = rich(Money(700, "JPY"))
    wallet = api.as_(by).get("/wallet", currency="JPY").json
    assert wallet["available"] == {"amount": 700, "currency": "JPY"}
    assert api.as_(by).get("/wallet").json["available"] == {"amount": 0, "currency": "GHS"}
    assert api.as_(by).get("/wallet/statement", currency="GHS").json["items"] == []
    assert api.as_(by).get("/wallet", currency="XXX").status == 400


def test_a_cursor_of_one_currency_is_refused_for_another(api):
    by = rich(cedis(1))
    rich(cedis(1), by.user_id)
    cursor = api.as_(by).get("/wallet/statement", limit=1).json["next"]
    assert api.as_(by).get("/wallet/statement", currency="USD", cursor=cursor).code == "cursor_invalid"


def test_money_that_arrives_between_two_pages_neither_repeats_nor_hides_a_line(api):
    by = rich(cedis(1))
    for amount in (2, 3, 4):
        rich(cedis(amount), by.user_id)
    first = api.as_(by).get("/wallet/statement", limit=2).json
    rich(cedis(5), by.user_id)
    second = api.as_(by).get("/wallet/statement", limit=2, cursor=first["next"]).json
    assert [line["amount"]["amount"] for line in first["items"] + second["items"]] == [400, 300, 200, 100]


@pytest.mark.in_process
def test_a_statement_reads_its_page_by_the_index_however_long_the_history_is():
    wallet = rules.available(rich(cedis(1)).user_id, "GHS")
    with connections["payments"].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + statements._STATEMENT, [wallet, 10**9, 20])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "payments_ledgerentry_account_id_account_version_key" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("path", ["/wallet/deposits/{}", "/wallet/payouts/{}", "/escrows/{}"])
def test_what_never_existed_looks_like_what_is_not_yours(api, path):
    assert api.as_(somebody()).get(path.format(new_id())).status == 404


@pytest.mark.in_process
def test_wallets_answer_in_one_query(api, django_assert_num_queries):
    by = rich(cedis(1))
    with django_assert_num_queries(1, using="payments"):
        api.as_(by).get("/wallet")


def test_a_reviewed_deposit_tells_its_owner_that_it_is_looked_into(api, provider, drain):
    by = somebody()
    body = {**DEPOSIT, "method": {"type": "sandbox", "token": "tok_amount_drift"}}
    deposit = api.as_(by).post("/wallet/deposits", body, idempotency_key=new_id()).json
    drain()
    shown = api.as_(by).get(f"/wallet/deposits/{deposit['id']}").json
    assert (shown["state"], shown["failure"], shown["settled_at"]) == ("in_review", "amount_differs", None)
    actions.accept_deposit(deposit_id=Deposit.objects.get().id, ruling=ruling())
    shown = api.as_(by).get(f"/wallet/deposits/{deposit['id']}").json
    assert (shown["state"], shown["credited"]["amount"], shown["amount"]["amount"]) == ("succeeded", 1499, 1500)
