"""What somebody owes and what they took out, over HTTP: the right user, the wrong one, and nobody."""

from typing import Any

import pytest
from django.db import connections

from domains.payments.actions import disputes, receivables
from domains.payments.actions.escrows import release_part
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Rejected
from domains.payments.models import Payout
from domains.payments.queries.objects import payouts_of
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.principal import Principal
from tests.payments.disputed import charge_of, disputed, emptied
from tests.payments.factories import cedis, funded_escrow, new_plan, ordered_payout, rich, somebody

pytestmark = pytest.mark.domain("payments")


def refused_payouts(by: Principal, *amounts: int) -> list[Payout]:
    """One after the other: only one may be on its way."""
    asked = []
    for amount in amounts:
        payout, command = ordered_payout(by, cedis(amount))
        settle_command(command_id=command.id, outcome=Rejected(code="account_closed"))
        asked.append(payout)
    return asked


def test_a_wallet_shows_what_its_owner_owes_until_it_is_paid(api):
    by = rich(cedis(30))
    emptied(by.user_id, cedis(20))
    assert api.as_(by).get("/wallet").json["debt"] == {"amount": 0, "currency": "GHS"}
    disputed(charge_of(by.user_id))
    wallet = api.as_(by).get("/wallet").json
    assert (wallet["available"]["amount"], wallet["debt"]) == (0, {"amount": 2000, "currency": "GHS"})
    assert api.as_(by).get("/wallet", currency="USD").json["debt"] == {"amount": 0, "currency": "USD"}
    rich(cedis(25), by.user_id)
    receivables.collect(user_id=by.user_id, currency="GHS")
    wallet = api.as_(by).get("/wallet").json
    assert (wallet["available"]["amount"], wallet["debt"]["amount"]) == (500, 0)


def test_other_peoples_debts_are_not_mine(api):
    by = rich(cedis(30))
    emptied(by.user_id, cedis(30))
    disputed(charge_of(by.user_id))
    assert api.as_(somebody()).get("/wallet").json["debt"]["amount"] == 0


@pytest.mark.in_process
def test_all_wallets_together_say_the_same_as_each_alone(api):
    """Also of money that is disputed, partly released, or earned and not yet free."""
    new_plan(pending_hours=120)
    escrow = funded_escrow()
    hirer, worker = somebody(escrow.hirer_id), somebody(escrow.worker_id, "worker")
    release_part(milestone_id=escrow.milestone_id, number=1, amount=cedis(250))
    disputes.freeze(dispute_id=new_id(), milestone_id=escrow.milestone_id)
    owing = rich(Money(700, "JPY"), hirer.user_id)
    emptied(owing.user_id, Money(700, "JPY"))
    for each in (hirer, worker):
        together: Any = api.as_(each).get("/wallets").json["items"]
        assert together
        for wallet in together:
            assert wallet == api.as_(each).get("/wallet", currency=wallet["available"]["currency"]).json
    assert [w["in_escrow"]["amount"] for w in api.as_(hirer).get("/wallets").json["items"]] == [100000, 0]
    assert [w["pending"]["amount"] for w in api.as_(worker).get("/wallets").json["items"]] == [22500]


def test_my_payouts_come_in_pages_newest_first(api):
    by = rich(cedis(100))
    refused_payouts(by, 10, 20, 30)
    first = api.as_(by).get("/wallet/payouts", limit=2).json
    second = api.as_(by).get("/wallet/payouts", limit=2, cursor=first["next"]).json
    found = first["items"] + second["items"]
    assert [(p["amount"]["amount"], p["state"], p["failure"]) for p in found] == [
        (amount, "failed", "account_closed") for amount in (3000, 2000, 1000)
    ]
    assert second["next"] is None
    assert found[0] == api.as_(by).get(f"/wallet/payouts/{found[0]['id']}").json


def test_other_peoples_payouts_are_not_listed_and_nobody_lists_any(api):
    """Row 36."""
    by = rich(cedis(100))
    refused_payouts(by, 10, 20)
    assert api.as_(somebody()).get("/wallet/payouts").json == {"items": [], "next": None}
    assert api.anonymous.get("/wallet/payouts").status == 401
    cursor = api.as_(by).get("/wallet/payouts", limit=1).json["next"]
    assert api.as_(somebody()).get("/wallet/payouts", cursor=cursor).code == "cursor_invalid"


@pytest.mark.in_process
def test_the_list_of_payouts_is_one_query_by_the_index(api, django_assert_num_queries):
    by = rich(cedis(100))
    refused_payouts(by, 10, 20, 30, 40)
    for limit in (1, 4):
        with django_assert_num_queries(1, using="payments"):
            api.as_(by).get("/wallet/payouts", limit=limit)
    with connections["payments"].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "payout_of_owner" in payouts_of(by.user_id).order_by("-created_at", "-id")[:5].explain()
