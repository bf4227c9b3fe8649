"""What the database refuses whoever asks it."""

import psycopg
import pytest
from django.db import DatabaseError, connections

from tests.contracts.factories import active_contract, approved_milestone, unsigned_contract

pytestmark = pytest.mark.domain("contracts")


def refused(statement: str, *parameters) -> bool:
    try:
        with connections["contracts"].cursor() as cursor:
            cursor.execute(statement, parameters)
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize(
    "change",
    [
        "state = 'paid'",
        "amount_minor = 0",
        "worker_id = hirer_id",
        "state = 'active', activated_at = NULL",
        "state = 'completed'",
        "kind = 'barter'",
        "text = text || ' and a car'",
        "amount_minor = amount_minor + 1",
    ],
)
def test_a_contract_cannot_become_nonsense(change):
    contract = unsigned_contract()
    assert refused(f"UPDATE contracts_contract SET {change} WHERE id = %s", contract.id)


@pytest.mark.parametrize("change", ["state = 'gone'", "amount_minor = -5", "state = 'released'", "state = 'submitted'"])
def test_a_milestone_cannot_become_nonsense(change):
    milestone = unsigned_contract().milestones.get()
    assert refused(f"UPDATE contracts_milestone SET {change} WHERE id = %s", milestone.id)


def test_fee_and_net_add_up_to_the_amount():
    milestone = approved_milestone()
    assert refused("UPDATE contracts_milestone SET state = 'released' WHERE id = %s", milestone.id)
    assert refused(
        "UPDATE contracts_milestone SET state = 'released', paid_minor = 50001, fee_minor = 5000, net_minor = 45001"
        " WHERE id = %s",
        milestone.id,
    )


@pytest.mark.parametrize(
    "change",
    [
        "state = 'refunded'",
        "state = 'refunded', refunded_minor = 49999",
        "state = 'split', refunded_minor = 50000",
        "state = 'split', refunded_minor = 20000, paid_minor = 30001, fee_minor = 3000, net_minor = 27001",
        "refunded_minor = 1",
        "paid_minor = 100",
        "paid_minor = 100, fee_minor = 10, net_minor = 91",
        "paid_minor = 60000, fee_minor = 6000, net_minor = 54000",
    ],
)
def test_what_was_paid_and_refunded_adds_up(change):
    assert refused(f"UPDATE contracts_milestone SET {change} WHERE id = %s", approved_milestone().id)


@pytest.mark.parametrize(
    "statement", ["UPDATE contracts_signature SET legal_name = 'Eve'", "DELETE FROM contracts_signature"]
)
def test_a_signature_is_never_changed_or_removed(statement):
    active_contract()
    assert refused(statement)


def test_one_signature_per_side():
    contract = active_contract()
    assert refused(
        "INSERT INTO contracts_signature (contract_id, role, user_id, legal_name, text_sha256, signed_at, user_agent,"
        " mfa_level, previous_hash, hash) SELECT contract_id, role, gen_random_uuid(), legal_name, text_sha256,"
        " signed_at, user_agent, mfa_level, previous_hash, hash FROM contracts_signature"
        " WHERE contract_id = %s LIMIT 1",
        contract.id,
    )


def test_the_run_time_role_reaches_no_other_schema():
    with connections["contracts"].cursor() as cursor, pytest.raises(DatabaseError) as refusal:
        cursor.execute("SELECT 1 FROM payments.payments_outbox")
    assert isinstance(refusal.value.__cause__, (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable))
