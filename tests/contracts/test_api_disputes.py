"""Disputes over HTTP: either side, strangers, nobody."""

import pytest

from domains.contracts.actions import disputes
from kelmah.ids import new_id
from tests.contracts.factories import as_hirer, as_worker, cedis, disputed_milestone, submitted_milestone

pytestmark = pytest.mark.domain("contracts")

REASON = {"reason": "Two doors are missing."}


@pytest.mark.parametrize(("mine", "other"), [(as_hirer, as_worker), (as_worker, as_hirer)])
def test_a_side_disputes_and_takes_it_back(api, mine, other):
    milestone = submitted_milestone()
    me, them = api.as_(mine(milestone.contract)), api.as_(other(milestone.contract))
    path = f"/milestones/{milestone.id}"
    before = me.get(path).json
    opened = me.post(f"{path}/dispute", REASON, if_match=before["version"])
    assert (opened.status, opened.json["state"], opened.json["auto_approve_at"]) == (200, "submitted", None)
    assert opened.json["available_transitions"] == ["withdraw_dispute"]
    seen = them.get(path).json
    assert (seen["available_transitions"], seen["dispute"]["reason"]) == ([], REASON["reason"])
    assert seen["dispute"]["opened_by"] == mine.__name__.removeprefix("as_")
    refused = them.post(f"{path}/withdraw_dispute", if_match=seen["version"])
    assert (refused.status, refused.code) == (403, "not_the_opener")
    again = them.post(f"{path}/dispute", REASON, if_match=seen["version"])
    assert (again.status, again.code) == (409, "milestone_disputed")
    back = me.post(f"{path}/withdraw_dispute", if_match=seen["version"])
    assert (back.status, back.json["dispute"]["state"]) == (200, "withdrawn")
    assert back.json["available_transitions"] == before["available_transitions"]
    assert "dispute" in before["available_transitions"]


@pytest.mark.parametrize(("step", "body"), [("dispute", REASON), ("withdraw_dispute", None)])
def test_disputes_are_closed_to_strangers_and_nobody(api, principal, step, body):
    milestone = submitted_milestone() if step == "dispute" else disputed_milestone(by="hirer")
    path, count = f"/milestones/{milestone.id}/{step}", milestone.disputes.count()
    hirer = api.as_(as_hirer(milestone.contract))
    assert api.as_(principal(role="hirer")).post(path, body, if_match=milestone.version).status == 404
    assert api.anonymous.post(path, body, if_match=milestone.version).status == 401
    assert hirer.post(path, body).status == 428
    assert hirer.post(path, body, if_match=99).status == 412
    rehearsed = hirer.post(f"{path}?dry_run=true", body, if_match=milestone.version)
    assert rehearsed.status == 200, rehearsed
    assert (milestone.disputes.count(), milestone.disputes.filter(state="withdrawn").count()) == (count, 0)


def test_a_dispute_needs_words(api):
    milestone = submitted_milestone()
    answer = api.as_(as_worker(milestone.contract)).post(
        f"/milestones/{milestone.id}/dispute", {"reason": ""}, if_match=milestone.version
    )
    assert (answer.status, [error["pointer"] for error in answer.json["errors"]]) == (400, ["/reason"])


def test_both_read_the_ruling(api):
    milestone = disputed_milestone()
    dispute_id = milestone.disputes.get().id
    disputes.decide_dispute(dispute_id=dispute_id, to_worker=cedis(200), by=new_id(), reason="Four of six doors")
    for side in (as_hirer, as_worker):
        seen = api.as_(side(milestone.contract)).get(f"/milestones/{milestone.id}").json
        assert (seen["dispute"]["ruling"], seen["dispute"]["to_worker"]["amount"]) == ("Four of six doors", 20000)
        assert seen["available_transitions"] == []
