"""Row 36: ids of other people's money on every route that takes one: nothing is there, and nothing moves."""

import re
from decimal import Decimal
from uuid import UUID

import pytest

from domains.payments.actions import exchange, methods, refunds
from domains.payments.api.urls import urlpatterns
from domains.payments.models import LedgerAccount, LedgerTransaction, PayoutMethod
from kelmah import clock as now
from kelmah.ids import new_id
from tests.payments.disputed import charge_of
from tests.payments.factories import cedis, funded_escrow, ordered_payout, rich, somebody

pytestmark = pytest.mark.domain("payments")

ROUTES = sorted(str(each.pattern) for each in urlpatterns if "<uuid:" in str(each.pattern))
BODIES = {"wallet/deposits/<uuid:deposit_id>/refunds": {"amount": {"amount": 100, "currency": "GHS"}}}


def everything_of_somebody() -> dict[str, UUID]:
    """An object for each kind of id that a route takes, and a wallet with money in it."""
    by = rich(cedis(100))
    deposit_id = charge_of(by.user_id).subject_id
    payout, _ = ordered_payout(by, cedis(10))
    exchange.keep_rates({"GHS": Decimal("10.95")}, origin="Bank of Ghana", observed_at=now.now())
    return {
        "deposit_id": deposit_id,
        "refund_id": refunds.request_refund(by=by, deposit_id=deposit_id, amount=cedis(5)).id,
        "payout_id": payout.id,
        "quote_id": exchange.quote(by=by, sold=cedis(10), into="USD").id,
        "method_id": methods.add(by=by, gateway="sandbox", destination="acct_success", hint="…cess").id,
        "milestone_id": funded_escrow().milestone_id,
    }


def books() -> tuple[dict[str, int], int]:
    return dict(LedgerAccount.objects.values_list("key", "balance")), LedgerTransaction.objects.count()


@pytest.mark.parametrize("route", ROUTES)
def test_what_is_somebody_elses_looks_like_what_never_was_and_nothing_moves(api, route):
    theirs, stranger = everything_of_somebody(), rich(cedis(100))
    before, methods_before = books(), PayoutMethod.objects.filter(state="removed").count()
    for ids in (theirs, {name: new_id() for name in theirs}):
        path = "/" + re.sub(r"<uuid:(\w+)>", lambda found, ids=ids: str(ids[found[1]]), route)
        answers = [
            api.as_(stranger).get(path),
            api.as_(stranger).post(path, BODIES.get(route, {}), idempotency_key=new_id()),
            api.as_(stranger).delete(path),
        ]
        assert {answer.status for answer in answers} <= {404, 405}, answers
        assert 404 in {answer.status for answer in answers}
        assert {api.anonymous.get(path).status} <= {401, 405}
    assert (books(), PayoutMethod.objects.filter(state="removed").count()) == (before, methods_before)


def test_a_stranger_with_another_role_finds_nothing_either(api):
    theirs = everything_of_somebody()
    for role in ("worker", "finance"):
        for name, path in (("deposit_id", "/wallet/deposits"), ("payout_id", "/wallet/payouts")):
            assert api.as_(somebody(role=role)).get(f"{path}/{theirs[name]}").status in (403, 404)
