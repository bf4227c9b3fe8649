"""Payout methods over HTTP: the right user, the wrong one, and nobody."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections

from domains.payments.actions import methods
from domains.payments.models import Payout, PayoutMethod
from domains.payments.queries.methods import methods_of
from kelmah import clock as now
from kelmah.ids import new_id
from kelmah.testing.client import access_token
from tests.payments.factories import cedis, in_wallet, rich, ruling, somebody, state_of

pytestmark = pytest.mark.domain("payments")

METHOD = {"destination": {"type": "sandbox", "account": "acct_success"}}


def cooled_down(method_id):
    """As a day later, also for a process with a clock of its own."""
    day_before = now.now() - timedelta(days=1)
    PayoutMethod.objects.filter(id=method_id).update(created_at=day_before, usable_at=day_before)


def test_a_method_is_added_listed_used_and_removed(api):
    by = rich(cedis(100))
    made = api.as_(by).post("/wallet/payout-methods", METHOD)
    assert (made.status, made.json["state"], made.json["hint"], made.etag) == (201, "checking", "…cess", '"1"')
    assert "acct_success" not in made.content.decode()
    methods.accept(method_id=PayoutMethod.objects.get().id, ruling=ruling())
    [listed] = api.as_(by).get("/wallet/payout-methods").json["items"]
    assert (listed["id"], listed["state"], listed["available_transitions"]) == (made.json["id"], "active", ["remove"])
    order = {"amount": {"amount": 4000, "currency": "GHS"}, "method_id": made.json["id"]}
    early = api.as_(by).post("/wallet/payouts", order, idempotency_key=new_id())
    assert (early.status, early.code) == (409, "payout_method_cooling_down")
    cooled_down(made.json["id"])
    payout = api.as_(by).post("/wallet/payouts", order, idempotency_key=new_id())
    assert (payout.status, payout.json["method_id"], in_wallet(by.user_id)) == (202, made.json["id"], 6000)
    path = f"/wallet/payout-methods/{made.json['id']}"
    assert api.as_(by).delete(path).code == "payout_method_in_use"


def test_a_removed_method_is_no_longer_listed(api):
    by = somebody()
    made = api.as_(by).post("/wallet/payout-methods", METHOD).json
    path = f"/wallet/payout-methods/{made['id']}"
    assert api.as_(by).delete(path).status == 204
    assert api.as_(by).get("/wallet/payout-methods").json["items"] == []
    assert api.as_(by).get(path).json["state"] == "removed"
    assert api.as_(by).delete(path).status == 204


def test_whoever_adds_a_method_proves_who_they_are_once_more(api):
    answer = api.with_token(access_token(somebody(), proven_before=660)).post("/wallet/payout-methods", METHOD)
    assert (answer.status, answer.code) == (403, "step_up_required")
    assert not PayoutMethod.objects.exists()


def test_other_peoples_methods_do_not_exist(api):
    """Row 36: neither seen, nor removed, nor paid to."""
    method = methods.add(by=somebody(), gateway="sandbox", destination="acct_success", hint="…cess")
    stranger, path = rich(cedis(100)), f"/wallet/payout-methods/{method.id}"
    order = {"amount": {"amount": 4000, "currency": "GHS"}, "method_id": str(method.id)}
    assert api.as_(stranger).get(path).status == 404
    assert api.as_(stranger).delete(path).status == 404
    assert api.as_(stranger).post("/wallet/payouts", order, idempotency_key=new_id()).status == 404
    assert api.as_(stranger).get("/wallet/payout-methods").json["items"] == []
    assert (state_of(method), in_wallet(stranger.user_id), Payout.objects.count()) == ("checking", 10000, 0)


def test_nobody_has_methods(api):
    for path in ("/wallet/payout-methods", f"/wallet/payout-methods/{new_id()}"):
        assert api.anonymous.get(path).status == 401
    assert api.anonymous.post("/wallet/payout-methods", METHOD).status == 401
    assert api.anonymous.delete(f"/wallet/payout-methods/{new_id()}").status == 401


def test_staff_have_none_either(api):
    staff = replace(somebody(), roles=frozenset({"finance"}))
    assert api.as_(staff).post("/wallet/payout-methods", METHOD).code == "wrong_role"
    assert api.as_(staff).get("/wallet/payout-methods").status == 403


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/destination"),
        ({"destination": {"type": "cash"}}, "/destination/type"),
        ({"destination": {"type": "sandbox", "account": "../v1"}}, "/destination/account"),
        ({**METHOD, "usable_at": "2020-01-01T00:00:00Z"}, "/usable_at"),
        ({**METHOD, "user_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02"}, "/user_id"),
    ],
)
def test_a_bad_method_is_refused_field_by_field(api, body, pointer):
    answer = api.as_(somebody()).post("/wallet/payout-methods", body)
    assert answer.status == 400
    assert pointer in [error["pointer"] for error in answer.json["errors"]]
    assert not PayoutMethod.objects.exists()


@pytest.mark.parametrize("to", [{}, {**METHOD, "method_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02"}])
def test_a_payout_goes_to_one_place(api, to):
    by = rich(cedis(100))
    body = {"amount": {"amount": 4000, "currency": "GHS"}, **to}
    answer = api.as_(by).post("/wallet/payouts", body, idempotency_key=new_id())
    assert (answer.status, [error["pointer"] for error in answer.json["errors"]]) == (400, ["/method_id"])
    assert in_wallet(by.user_id) == 10000


def test_a_method_added_again_with_the_same_key_is_the_same(api):
    by, key = somebody(), new_id()
    first = api.as_(by).post("/wallet/payout-methods", METHOD, idempotency_key=key)
    again = api.as_(by).post("/wallet/payout-methods", METHOD, idempotency_key=key)
    assert (first.json["id"], again.status) == (again.json["id"], 201)
    assert api.as_(by).post("/wallet/payout-methods", METHOD).code == "payout_method_known"


@pytest.mark.in_process
def test_the_list_is_one_query_by_the_index(api, django_assert_num_queries):
    by = somebody()
    for number in range(4):
        methods.add(by=by, gateway="sandbox", destination=f"acct_{'x' * (number + 1)}", hint="…")
    for limit in (1, 4):
        with django_assert_num_queries(1, using="payments"):
            api.as_(by).get("/wallet/payout-methods", limit=limit)
    with connections["payments"].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        found = methods_of(by.user_id).order_by("-created_at", "-id")[:5]
        assert "method_of_user" in found.explain()
