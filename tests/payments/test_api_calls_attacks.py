"""Hours become money, and disputes are decided, by calls of other domains alone: whoever is logged in makes none."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from domains.payments.actions import disputes
from domains.payments.models import Escrow
from kelmah import clock
from kelmah.ids import new_id
from kelmah.rpc import signing
from tests.payments.factories import cedis, funded_escrow, in_wallet, rich, somebody, state_of

pytestmark = pytest.mark.domain("payments")

CALLERS = ("worker", "hirer", "support", "finance", "admin")


def call(method: str, *, escrow: Escrow, dispute_id: Any) -> tuple[str, bytes]:
    """A call that is right in everything but who makes it."""
    amount = {"minor": escrow.amount.minor, "currency": escrow.amount.currency}
    today = clock.now().date()
    arguments = {
        "charge_week": {
            "week_id": new_id(),
            "contract_id": new_id(),
            "hirer_id": escrow.hirer_id,
            "worker_id": escrow.worker_id,
            "title": "Forty hours",
            "monday": today - timedelta(days=today.weekday() + 7),
            "amount": amount,
        },
        "decide": {"dispute_id": dispute_id, "to_worker": amount},
        "unfreeze": {"dispute_id": dispute_id},
    }
    return f"/internal/rpc/payments/{method}", orjson.dumps({"args": arguments[method]})


def sent(client: Any, path: str, body: bytes, **proof: str) -> Any:
    return client.send("POST", path, body, headers={"Content-Type": "application/json"} | proof)


@pytest.mark.parametrize("method", ["charge_week", "decide", "unfreeze"])
def test_no_user_and_no_other_domain_charges_hours_or_decides_a_dispute(api, method):
    escrow, dispute_id = funded_escrow(), new_id()
    rich(cedis(5000), escrow.hirer_id)
    disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    path, body = call(method, escrow=escrow, dispute_id=dispute_id)
    for client in (api.anonymous, *(api.as_(somebody(role=role)) for role in CALLERS)):
        answer = sent(client, path, body)
        assert (answer.status, answer.code) == (401, "rpc_bad_signature")
    as_reviews = signing.sign(path=path, body=body, caller="reviews", travelling={})
    assert sent(api.anonymous, path, body, **as_reviews).status == 403
    assert (state_of(escrow), in_wallet(escrow.hirer_id)) == ("disputed", cedis(5000).minor)
    as_contracts = signing.sign(path=path, body=body, caller="contracts", travelling={})
    assert sent(api.anonymous, path, body, **as_contracts).status == 200  # so it was who asked, and nothing else
