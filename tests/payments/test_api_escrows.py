"""Protected funds over HTTP, as their two sides see them."""

import pytest

from domains.payments import actions
from domains.payments.actions import disputes, escrows, reviews
from kelmah.ids import new_id
from tests.payments.factories import cedis, funded_escrow, somebody

pytestmark = pytest.mark.domain("payments")


def shown(api, escrow):
    return api.as_(somebody(escrow.worker_id, "worker")).get(f"/escrows/{escrow.milestone_id}")


def minor(answer, *names):
    return tuple(answer.json[name]["amount"] for name in names)


def test_parts_show_what_left_what_is_held_and_what_it_costs(api):
    escrow = funded_escrow()
    escrows.release_part(milestone_id=escrow.milestone_id, number=1, amount=cedis(250))
    answer = shown(api, escrow)
    assert (answer.json["state"], answer.etag) == ("funded", '"2"')
    assert minor(answer, "amount", "held", "released", "refunded") == (125000, 100000, 25000, 0)
    assert minor(answer, "fee", "net") == (12500, 112500)
    escrows.settle_escrow(milestone_id=escrow.milestone_id, to_worker=cedis(500))
    answer = shown(api, escrow)
    assert (answer.json["state"], *minor(answer, "held", "released", "refunded")) == ("split", 0, 75000, 50000)
    assert minor(answer, "fee", "net") == (7500, 67500)


def test_a_running_review_says_until_when_and_a_dispute_stops_it(api):
    escrow = funded_escrow()
    assert shown(api, escrow).json["review_ends_at"] is None
    reviews.start_review(milestone_id=escrow.milestone_id, submission=1)
    assert shown(api, escrow).json["review_ends_at"] is not None
    disputes.freeze(dispute_id=new_id(), milestone_id=escrow.milestone_id)
    answer = shown(api, escrow)
    assert (answer.json["state"], answer.json["review_ends_at"]) == ("disputed", None)
    assert minor(answer, "held") == (125000,)


def test_what_is_disputed_is_still_protected_in_the_hirers_wallet(api):
    escrow = funded_escrow()
    escrows.release_part(milestone_id=escrow.milestone_id, number=1, amount=cedis(250))
    disputes.freeze(dispute_id=new_id(), milestone_id=escrow.milestone_id)
    wallet = api.as_(somebody(escrow.hirer_id)).get("/wallet").json
    assert wallet["in_escrow"]["amount"] == 100000


def test_strangers_find_nothing_and_nobody_is_asked_who_they_are(api):
    path = f"/escrows/{funded_escrow().milestone_id}"
    assert api.as_(somebody()).get(path).status == 404
    assert api.anonymous.get(path).status == 401


def test_both_sides_of_a_split_find_it_on_their_statements(api):
    escrow = funded_escrow()
    escrows.settle_escrow(milestone_id=escrow.milestone_id, to_worker=cedis(500))
    [earned] = api.as_(somebody(escrow.worker_id, "worker")).get("/wallet/statement").json["items"]
    back = api.as_(somebody(escrow.hirer_id)).get("/wallet/statement").json["items"][0]
    assert [(line["kind"], line["amount"]["amount"]) for line in (earned, back)] == [
        ("escrow_split", 45000),
        ("escrow_split", 75000),
    ]
    assert earned["counterparty_id"] is None
    actions.check_books()
