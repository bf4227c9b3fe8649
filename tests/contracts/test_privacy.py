"""What contracts forgets of somebody, and what stands against it."""

import pytest
from django.db import DatabaseError, connections, transaction

from domains.contracts.actions import mark_released, privacy
from domains.contracts.models import Contract, Milestone, Signature
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import PersonAnswered
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.privacy import ERASED, Asked
from kelmah.money import Money
from kelmah.testing.databases import rows_of
from tests.contracts.factories import active_contract, approved_milestone, unsigned_contract


class Keeper:
    """Files, as far as a copy needs it."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def infos(self, *, ids):
        return []

    def share(self, *, ids, owner_id, reader_ids, context):
        return []

    def reading_link(self, *, file_id, owner_id):
        return ""

    def keep_export_part(self, *, request_id, owner_id, name, content):
        self.kept[name] = content


pytestmark = pytest.mark.domain("contracts")


def asked(user_id, step="erase") -> Asked:
    return Asked(request_id=new_id(), user_id=user_id, step=step)


def completed(**terms) -> Contract:
    milestone = approved_milestone(active_contract(**terms))
    gross = milestone.amount
    fee = Money(gross.minor // 10, gross.currency)
    mark_released(milestone_id=milestone.id, contract_id=milestone.contract_id, fee=fee, net=gross - fee)
    return Contract.objects.get(id=milestone.contract_id)


@pytest.mark.parametrize("making", [unsigned_contract, active_contract])
@pytest.mark.parametrize("side", ["hirer_id", "worker_id"])
def test_an_open_contract_stands_against_it(making, side, published):
    contract = making()
    for step in ("check", "erase"):
        privacy.answer(asked(getattr(contract, side), step))
        answer = published.of(PersonAnswered)[-1]
        assert [(hold.reason, hold.count) for hold in answer.holds] == [("open_contracts", 1)]
    assert Contract.objects.get(id=contract.id).title != ERASED


def test_of_a_hirer_the_words_go_and_the_record_stays(published):
    contract = completed(title="The house of Ama Mensah", scope="Ring Ama, 0244 123456")
    privacy.answer(asked(contract.hirer_id))
    (answer,) = published.of(PersonAnswered)
    assert answer.holds == []
    assert answer.counts["contracts"] == 1
    after = Contract.objects.get(id=contract.id)
    assert (after.title, after.text, after.text_sha256) == (ERASED, ERASED, contract.text_sha256)
    assert (after.amount, after.state, after.worker_id) == (contract.amount, "completed", contract.worker_id)
    tables = ["contract", "milestone", "signature", "submission", "deliverable", "inbox"]
    everything = str(rows_of("contracts", tables))
    assert "Ama Mensah" not in everything
    assert "0244" not in everything


def test_of_a_worker_the_name_goes_and_the_hirers_terms_stay():
    contract = completed(title="Fit cabinets")
    privacy.answer(asked(contract.worker_id))
    signatures = {each.role: each for each in Signature.objects.filter(contract=contract)}
    assert (signatures["worker"].legal_name, signatures["worker"].address) == (ERASED, None)
    assert signatures["hirer"].legal_name != ERASED
    assert len(signatures["worker"].hash) == 64
    assert Contract.objects.get(id=contract.id).title == "Fit cabinets"


def test_twice_is_once(published):
    contract = completed()
    for _ in range(2):
        privacy.answer(asked(contract.hirer_id))
    first, second = published.of(PersonAnswered)
    assert first.counts["contracts"] == 1
    assert second.counts == {}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE contracts_contract SET title = 'Another'",
        "UPDATE contracts_contract SET title = '[erased]', text = 'Another text'",
        "UPDATE contracts_milestone SET description = 'More'",
        "UPDATE contracts_signature SET legal_name = 'Somebody else'",
        "UPDATE contracts_signature SET legal_name = '[erased]', user_agent = 'x', address = null",
        "UPDATE contracts_signature SET text_sha256 = ''",
        "UPDATE contracts_signature SET hash = ''",
    ],
)
def test_frozen_words_may_be_erased_and_not_changed(change):
    completed()
    with pytest.raises(DatabaseError), transaction.atomic("contracts"), connections["contracts"].cursor() as cursor:  # noqa: TID251
        cursor.execute(change)


def test_the_text_of_an_open_contract_can_not_be_erased():
    contract = active_contract()
    with pytest.raises(DatabaseError), transaction.atomic("contracts"):  # noqa: TID251
        Contract.objects.filter(id=contract.id).update(title=ERASED, text=ERASED)


def test_a_copy_holds_what_is_theirs_and_not_the_other_sides_name(published):
    contract = completed()
    keeper = Keeper()
    with files.replaced_by(keeper):
        privacy.export_person(request_id=new_id(), user_id=contract.worker_id)
    kept = keeper.kept
    (answer,) = published.of(PersonAnswered)
    assert answer.counts["contracts"] == 1
    assert set(kept) == {f"contracts/{part}.json" for part in (
        "contracts", "signatures", "milestones", "parts", "disputes", "weeks", "submissions", "deliverables",
    )}  # fmt: skip
    assert str(contract.id) in kept["contracts/contracts.json"]
    hirer = Signature.objects.get(contract=contract, role="hirer")
    worker = Signature.objects.get(contract=contract, role="worker")
    assert worker.hash in kept["contracts/signatures.json"]
    assert f'"hash": "{hirer.hash}"' not in kept["contracts/signatures.json"]
    assert Milestone.objects.get(contract=contract).title in kept["contracts/milestones.json"]
