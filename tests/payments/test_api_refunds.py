"""Refunds over HTTP: the right user, the wrong one, and nobody."""

from dataclasses import replace

import pytest

from domains.payments.actions import refunds
from domains.payments.models import Deposit, Refund
from kelmah.ids import new_id
from kelmah.principal import Principal
from tests.payments.factories import cedis, in_wallet, ordered_deposit, rich, somebody

pytestmark = pytest.mark.domain("payments")


def deposit_of(by: Principal) -> Deposit:
    return Deposit.objects.get(user_id=by.user_id)


def path_of(deposit: Deposit) -> str:
    return f"/wallet/deposits/{deposit.id}/refunds"


def test_a_deposit_goes_back_from_end_to_end(api, provider, drain):
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(15))
    drain()
    part = {"amount": {"amount": 500, "currency": "GHS"}}
    answer = api.as_(by).post(path_of(deposit), part, idempotency_key=new_id())
    assert (answer.status, answer.json["state"], answer.json["amount"]["amount"], answer.etag) == (
        202,
        "processing",
        500,
        '"1"',
    )
    assert in_wallet(by.user_id) == 1000
    drain()
    shown = api.as_(by).get(f"/wallet/refunds/{answer.json['id']}")
    assert (shown.json["state"], shown.json["deposit_id"], shown.etag) == ("succeeded", str(deposit.id), '"2"')
    kinds = [(line["kind"], line["amount"]["amount"]) for line in api.as_(by).get("/wallet/statement").json["items"]]
    assert kinds == [("refund_hold", -500), ("deposit", 1500)]


def test_without_an_amount_all_that_is_left_goes_back(api):
    by = rich(cedis(15))
    answer = api.as_(by).post(path_of(deposit_of(by)), {}, idempotency_key=new_id())
    assert (answer.json["amount"], in_wallet(by.user_id)) == ({"amount": 1500, "currency": "GHS"}, 0)


def test_a_repeated_key_is_one_refund(api):
    by, key = rich(cedis(15)), new_id()
    part = {"amount": {"amount": 500, "currency": "GHS"}}
    answers = [api.as_(by).post(path_of(deposit_of(by)), part, idempotency_key=key) for _ in range(2)]
    assert answers[0].json["id"] == answers[1].json["id"]
    assert (Refund.objects.count(), in_wallet(by.user_id)) == (1, 1000)
    assert api.as_(by).post(path_of(deposit_of(by)), part).code == "idempotency_key_required"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"amount": {"amount": 0, "currency": "GHS"}}, "/amount/amount"),
        ({"amount": {"amount": -5, "currency": "GHS"}}, "/amount/amount"),
        ({"amount": 500}, "/amount"),
        ({"to": "another card"}, "/to"),
    ],
)
def test_a_bad_refund_is_refused_field_by_field(api, body, pointer):
    by = rich(cedis(15))
    answer = api.as_(by).post(path_of(deposit_of(by)), body, idempotency_key=new_id())
    assert (answer.status, [error["pointer"] for error in answer.json["errors"]]) == (400, [pointer])
    assert in_wallet(by.user_id) == 1500


def test_more_than_is_left_is_refused_and_says_what_is_left(api):
    by = rich(cedis(15))
    deposit = deposit_of(by)
    too_much = {"amount": {"amount": 1501, "currency": "GHS"}}
    answer = api.as_(by).post(path_of(deposit), too_much, idempotency_key=new_id())
    assert (answer.status, answer.code, answer.json["data"]["refundable"]) == (
        422,
        "refund_too_large",
        {"amount": 1500, "currency": "GHS"},
    )


def test_other_peoples_refunds_do_not_exist(api):
    """Row 36."""
    by, stranger = rich(cedis(15)), somebody()
    deposit = deposit_of(by)
    refund = refunds.request_refund(by=by, deposit_id=deposit.id, amount=cedis(5))
    for path in (path_of(deposit), f"/wallet/refunds/{refund.id}"):
        assert api.as_(stranger).get(path).status == 404
        assert api.anonymous.get(path).status == 401
    assert api.as_(stranger).post(path_of(deposit), {}, idempotency_key=new_id()).status == 404
    assert api.anonymous.post(path_of(deposit), {}, idempotency_key=new_id()).status == 401
    assert (Refund.objects.count(), in_wallet(by.user_id)) == (1, 1000)
    assert api.as_(somebody()).get(f"/wallet/refunds/{new_id()}").status == 404


def test_only_workers_and_hirers_send_money_back(api):
    staff = replace(rich(cedis(15)), roles=frozenset({"staff"}))
    answer = api.as_(staff).post(path_of(deposit_of(staff)), {}, idempotency_key=new_id())
    assert (answer.status, answer.code, in_wallet(staff.user_id)) == (403, "wrong_role", 1500)


@pytest.mark.in_process
def test_the_refunds_of_a_deposit_come_in_pages_by_few_queries(api, django_assert_num_queries):
    by = rich(cedis(100))
    deposit = deposit_of(by)
    for amount in (1, 2, 3, 4):
        refunds.request_refund(by=by, deposit_id=deposit.id, amount=cedis(amount))
    first = api.as_(by).get(path_of(deposit), limit=3).json
    second = api.as_(by).get(path_of(deposit), limit=3, cursor=first["next"]).json
    assert [refund["amount"]["amount"] for refund in first["items"] + second["items"]] == [400, 300, 200, 100]
    assert second["next"] is None
    for limit in (1, 4):
        with django_assert_num_queries(2, using="payments"):
            api.as_(by).get(path_of(deposit), limit=limit)
