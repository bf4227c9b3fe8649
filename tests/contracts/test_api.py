"""Contracts over HTTP: the right user, the wrong one, the wrong role, and nobody."""

import pytest

from domains.contracts.models import Contract, Milestone
from kelmah.ids import new_id
from kelmah.interfaces.payments.calls import payments
from tests.contracts.factories import (
    FakeWallets,
    active_contract,
    as_hirer,
    as_worker,
    cedis,
    funded_milestone,
    submitted_milestone,
    unsigned_contract,
)

pytestmark = pytest.mark.domain("contracts")

TRANSITIONS = [
    ("hirer", "fund", None),
    ("worker", "start", None),
    ("worker", "submit", {"note": "Done."}),
    ("hirer", "request_changes", {"note": "Again"}),
    ("hirer", "approve", None),
]


def consent(contract: Contract) -> dict:
    return {"legal_name": "Ama Mensah", "consent": True, "text_sha256": contract.text_sha256}


def test_a_side_reads_the_contract_with_its_etag(api):
    contract = unsigned_contract()
    answer = api.as_(as_hirer(contract)).get(f"/contracts/{contract.id}")
    assert (answer.status, answer.etag, answer.json["my_role"]) == (200, '"1"', "hirer")
    assert answer.json["available_transitions"] == ["cancel", "sign"]


def test_strangers_and_nobody_learn_nothing(api, principal):
    contract = unsigned_contract()
    milestone = contract.milestones.get()
    for path in (f"/contracts/{contract.id}", f"/milestones/{milestone.id}"):
        assert (stranger := api.as_(principal(role="hirer")).get(path)).status == 404
        assert stranger.code == "not_found"
        assert api.anonymous.get(path).status == 401


@pytest.mark.parametrize("step", ["sign", "cancel"])
def test_transitions_of_a_contract_are_closed_to_strangers_and_nobody(api, principal, step):
    contract = unsigned_contract()
    path, body = f"/contracts/{contract.id}/{step}", consent(contract) if step == "sign" else None
    assert api.as_(principal(role="worker")).post(path, body, if_match=1).status == 404
    assert api.anonymous.post(path, body, if_match=1).status == 401
    assert api.as_(as_hirer(contract)).post(path, body).status == 428
    assert api.as_(as_hirer(contract)).post(path, body, if_match=9).status == 412
    contract.refresh_from_db()
    assert (contract.state, contract.version) == ("awaiting_signatures", 1)


@pytest.mark.parametrize(("role", "step", "body"), TRANSITIONS)
def test_transitions_of_a_milestone_are_closed_to_the_other_side_strangers_and_nobody(api, principal, role, step, body):
    stages = {"fund": lambda: active_contract().milestones.get(), "start": funded_milestone, "submit": funded_milestone}
    milestone = stages.get(step, submitted_milestone)()
    path, contract = f"/milestones/{milestone.id}/{step}", milestone.contract
    right, wrong = (as_hirer, as_worker) if role == "hirer" else (as_worker, as_hirer)
    before = Milestone.objects.values().get(id=milestone.id)
    options = {"if_match": milestone.version, "idempotency_key": new_id()}
    with payments.replaced_by(FakeWallets(cedis(500))):
        refused = api.as_(wrong(contract)).post(path, body, **options)
        assert (refused.status, refused.code) == (403, f"not_the_{role}")
        assert api.as_(principal(role=role)).post(path, body, **options).status == 404
        assert api.anonymous.post(path, body, **options).status == 401
        assert api.as_(right(contract)).post(path, body, idempotency_key=new_id()).status == 428
        stale = api.as_(right(contract)).post(path, body, if_match=99, idempotency_key=new_id())
        assert (stale.status, stale.code) == (412, "stale_version")
        rehearsed = api.as_(right(contract)).post(f"{path}?dry_run=true", body, **options)
        assert rehearsed.status in (200, 202), rehearsed
        assert rehearsed.json["state"] != before["state"]
        assert Milestone.objects.values().get(id=milestone.id) == before
        done = api.as_(right(contract)).post(path, body, **options)
    assert done.status in (200, 202), done
    assert done.etag == f'"{before["version"] + 1}"'


def test_signing_over_http_until_active(api):
    contract = unsigned_contract()
    first = api.as_(as_hirer(contract)).post(f"/contracts/{contract.id}/sign", consent(contract), if_match=1)
    assert (first.status, first.json["available_transitions"]) == (200, ["cancel"])
    second = api.as_(as_worker(contract)).post(f"/contracts/{contract.id}/sign", consent(contract), if_match=2)
    assert (second.status, second.json["state"]) == (200, "active")
    assert [signature["role"] for signature in second.json["signatures"]] == ["hirer", "worker"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"legal_name": ""}, "/legal_name"),
        ({"text_sha256": "xyz"}, "/text_sha256"),
        ({"consent": "perhaps"}, "/consent"),
        ({"signed_at": "2020-01-01T00:00:00Z"}, "/signed_at"),
    ],
)
def test_a_bad_signature_form_is_refused_field_by_field(api, change, pointer):
    contract = unsigned_contract()
    body = {**consent(contract), **change}
    answer = api.as_(as_hirer(contract)).post(f"/contracts/{contract.id}/sign", body, if_match=1)
    assert (answer.status, [error["pointer"] for error in answer.json["errors"]]) == (400, [pointer])
    assert not contract.signatures.exists()


def test_no_consent_no_signature(api):
    contract = unsigned_contract()
    body = {**consent(contract), "consent": False}
    answer = api.as_(as_hirer(contract)).post(f"/contracts/{contract.id}/sign", body, if_match=1)
    assert (answer.status, answer.code) == (400, "consent_missing")


def test_funding_without_an_idempotency_key_is_refused(api):
    contract = active_contract()
    milestone = contract.milestones.get()
    answer = api.as_(as_hirer(contract)).post(f"/milestones/{milestone.id}/fund", if_match=1)
    assert (answer.status, answer.code) == (400, "idempotency_key_required")


def test_a_repeated_funding_request_is_one_request(api):
    contract = active_contract()
    milestone = contract.milestones.get()
    key = new_id()
    with payments.replaced_by(FakeWallets(cedis(500))):
        answers = [
            api.as_(as_hirer(contract)).post(f"/milestones/{milestone.id}/fund", if_match=1, idempotency_key=key)
            for _ in range(2)
        ]
    assert [answer.status for answer in answers] == [202, 202]
    milestone.refresh_from_db()
    assert milestone.funding_request == 1


@pytest.mark.in_process
def test_my_contracts_come_in_pages_with_a_constant_number_of_queries(api, django_assert_num_queries):
    hirer_id = new_id()
    contracts = [active_contract(steps=2, hirer_id=hirer_id) for _ in range(5)]
    hirer = as_hirer(contracts[0])
    seen, path = [], "/contracts"
    answer = api.as_(hirer).get(path, limit=2)
    while True:
        seen += [item["id"] for item in answer.json["items"]]
        if not answer.json["next"]:
            break
        answer = api.as_(hirer).get(path, limit=2, cursor=answer.json["next"])
    assert seen == [str(contract.id) for contract in reversed(contracts)]
    for limit in (1, 5):
        with django_assert_num_queries(6, using="contracts"):
            api.as_(hirer).get(path, limit=limit)


def test_nobody_lists_contracts(api, principal):
    active_contract()
    assert api.anonymous.get("/contracts").status == 401
    assert api.as_(principal(role="hirer")).get("/contracts").json["items"] == []
