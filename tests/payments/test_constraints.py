"""What the database itself refuses, in raw SQL by the run-time role."""

import pytest
from django.db import DatabaseError, connections

from domains.payments import queries
from kelmah.db import atomic
from tests.payments.factories import cedis, funded_escrow, ordered_payout, rich

pytestmark = pytest.mark.domain("payments")


@pytest.fixture(autouse=True)
def things():
    """A deposit that succeeded, a funded escrow, a payout on its way."""
    funded_escrow()
    ordered_payout(rich(cedis(100)), cedis(40))


def broken(statement: str, *parameters: object) -> str:
    with pytest.raises(DatabaseError) as error, atomic("payments"), connections["payments"].cursor() as cursor:
        cursor.execute(statement, parameters)
    return queries.broken_constraint(error.value) or str(error.value.__cause__.sqlstate)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (
            "UPDATE payments_deposit SET state = 'gone', credited_minor = NULL, credited_currency = NULL",
            "deposit_state",
        ),
        ("UPDATE payments_deposit SET amount_minor = 0", "deposit_amount_positive"),
        ("UPDATE payments_deposit SET credited_minor = NULL", "deposit_credited_when_succeeded"),
        ("UPDATE payments_deposit SET credited_minor = 0", "deposit_credited_when_succeeded"),
        ("UPDATE payments_deposit SET credited_currency = NULL", "deposit_credited_when_succeeded"),
        ("UPDATE payments_deposit SET settled_at = NULL", "deposit_settled_has_date"),
        ("UPDATE payments_payout SET state = 'gone', settled_at = now()", "payout_state"),
        ("UPDATE payments_payout SET amount_minor = -1", "payout_amount_positive"),
        ("UPDATE payments_payout SET state = 'paid'", "payout_settled_has_date"),
        ("UPDATE payments_payout SET settled_at = now()", "payout_settled_has_date"),
        ("UPDATE payments_escrow SET state = 'gone', settled_at = now()", "escrow_state"),
        ("UPDATE payments_escrow SET amount_minor = 0", "escrow_amount_positive"),
        ("UPDATE payments_escrow SET settled_at = now()", "escrow_settled_has_date"),
        ("UPDATE payments_escrow SET state = 'refunded'", "escrow_settled_has_date"),
        (
            "UPDATE payments_escrow SET state = 'released', settled_at = now(), fee_minor = 1,"
            " net_minor = amount_minor",
            "escrow_split_adds_up",
        ),
        (
            "UPDATE payments_escrow SET state = 'released', settled_at = now(), fee_minor = -1,"
            " net_minor = amount_minor + 1",
            "escrow_split_adds_up",
        ),
        ("UPDATE payments_escrow SET state = 'released', settled_at = now()", "escrow_split_adds_up"),
        ("UPDATE payments_gatewaycommand SET state = 'gone'", "command_state"),
        ("UPDATE payments_gatewaycommand SET kind = 'gift'", "command_kind"),
        ("UPDATE payments_gatewaycommand SET gateway_ref = '' WHERE kind = 'charge'", "command_done_has_object"),
        ("UPDATE payments_gatewaycommand SET gateway_ref = 'ch_same' WHERE kind = 'charge'", "command_of_object"),
        (
            "UPDATE payments_gatewaycommand SET subject_id = '01930d2a-0a00-7b22-8c22-4d8b6b2e0f02'"
            " WHERE kind = 'charge'",
            "command_once_per_subject",
        ),
        (
            "INSERT INTO payments_feeplan (name, version, basis_points, reason) VALUES ('standard', 1, 500, '')",
            "fee_plan_version",
        ),
        (
            "INSERT INTO payments_feeplan (name, version, basis_points, reason) VALUES ('greedy', 1, 10001, '')",
            "fee_plan_share",
        ),
        (
            "INSERT INTO payments_fundingrequest (milestone_id, request, outcome)"
            " SELECT milestone_id, 1, 'funded' FROM payments_escrow",
            "funding_request_once",
        ),
        (
            "INSERT INTO payments_decision (id, kind, subject_id, by, reason, at)"
            " VALUES (gen_random_uuid(), 'x', 'x', gen_random_uuid(), '', now())",
            "decision_has_reason",
        ),
    ],
)
def test_the_database_refuses(statement, constraint):
    assert broken(statement) == constraint


def test_the_split_of_a_released_escrow_is_never_partly_unknown():
    statement = "UPDATE payments_escrow SET state = 'released', settled_at = now(), fee_minor = amount_minor"
    assert broken(statement) == "escrow_split_adds_up"


def test_a_second_payout_in_flight_is_refused_by_the_index():
    statement = (
        "INSERT INTO payments_payout (id, version, user_id, amount_minor, currency, gateway, destination, state,"
        " failure, created_at) SELECT gen_random_uuid(), 1, user_id, 1, currency, 'sandbox', 'x', state, '', now()"
        " FROM payments_payout"
    )
    assert broken(statement) == "payout_one_in_flight"


def test_an_event_of_a_gateway_is_kept_once():
    statement = (
        "INSERT INTO payments_webhookevent (gateway, account, event_id, kind, ref, body, received_at, next_at,"
        " attempts, last_error) VALUES ('sandbox', 'kelmah', 'evt_1', 'charge', 'ch_1', '', now(), now(), 0, '')"
    )
    with connections["payments"].cursor() as cursor:
        cursor.execute(statement)
    assert broken(statement) == "webhook_once"


def test_the_role_of_payments_reaches_into_no_other_schema():
    assert broken("SELECT 1 FROM contracts.contracts_outbox") in ("42501", "42P01", "3F000")
    assert broken("CREATE SCHEMA mine") == "42501"


def test_an_escrow_is_named_by_its_milestone_alone():
    escrow = funded_escrow()
    columns = "version, contract_id, hirer_id, worker_id, title, amount_minor, currency, fee_plan, fee_basis_points"
    statement = (
        f"INSERT INTO payments_escrow (milestone_id, {columns}, state, funded_at)"
        f" SELECT milestone_id, {columns}, state, funded_at FROM payments_escrow WHERE milestone_id = %s"
    )
    assert broken(statement, escrow.milestone_id) == "payments_escrow_pkey"
