"""What the database itself refuses, in raw SQL by the run-time role."""

import pytest
from django.db import DatabaseError, connections

from domains.payments import queries
from kelmah.db import atomic
from tests.payments.factories import cedis, funded_escrow, ordered_payout, rich

pytestmark = pytest.mark.domain("payments")

SOMEBODY = "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02"
RELEASE = (
    "(id, escrow_id, number, gross_minor, fee_minor, net_minor, released_at, matured_at)"
    " SELECT gen_random_uuid(), milestone_id,"
)
FROZEN = (
    "(version, id, frozen_at, escrow_id, amount_minor, state, ended_at)"
    " SELECT 1, gen_random_uuid(), now(), milestone_id,"
)
OF = "FROM payments_escrow"


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
        ("UPDATE payments_payout SET owner = 'platform'", "payout_of_an_owner"),
        ("UPDATE payments_payout SET user_id = gen_random_uuid()", "payout_of_a_user_is_to_them"),
        ("UPDATE payments_escrow SET state = 'gone'", "escrow_state"),
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
        ("UPDATE payments_feeplan SET state = 'gone'", "fee_plan_state"),
        ("UPDATE payments_feeplan SET state = 'proposed', name = 'same', version = id", "fee_plan_one_proposed"),
        (f"UPDATE payments_feeplan SET proposed_by = '{SOMEBODY}', decided_by = '{SOMEBODY}'", "fee_plan_four_eyes"),
        (f"UPDATE payments_feeplan SET proposed_by = '{SOMEBODY}', decided_by = NULL", "fee_plan_four_eyes"),
        ("UPDATE payments_escrow SET released_minor = 5", "escrow_split_adds_up"),
        ("UPDATE payments_escrow SET refunded_minor = 5", "escrow_split_adds_up"),
        (
            "UPDATE payments_escrow SET state = 'split', settled_at = now(), fee_minor = 5, released_minor = 5",
            "escrow_split_adds_up",
        ),
        (
            "UPDATE payments_escrow SET state = 'released', settled_at = now(), refunded_minor = amount_minor",
            "escrow_split_adds_up",
        ),
        (
            "UPDATE payments_escrow SET state = 'disputed', review_ends_at = now()",
            "escrow_review_only_while_funded",
        ),
        ("UPDATE payments_escrow SET week = '2026-11-17'", "escrow_week_begins_on_monday"),
        (f"INSERT INTO payments_escrowrelease {RELEASE} 0, 10, 4, 5, now(), NULL {OF}", "escrow_release_adds_up"),
        (f"INSERT INTO payments_escrowrelease {RELEASE} 0, 0, 0, 0, now(), NULL {OF}", "escrow_release_adds_up"),
        (f"INSERT INTO payments_escrowrelease {RELEASE} 0, 9, 4, 5, now(), now() {OF}", "escrow_release_matures"),
        (f"INSERT INTO payments_disputedfunds {FROZEN} 5, 'gone', now() {OF}", "disputed_state"),
        (f"INSERT INTO payments_disputedfunds {FROZEN} 0, 'frozen', NULL {OF}", "disputed_amount_positive"),
        (f"INSERT INTO payments_disputedfunds {FROZEN} 5, 'decided', NULL {OF}", "disputed_ended_has_date"),
        (f"INSERT INTO payments_disputedfunds {FROZEN} 5, 'frozen', now() {OF}", "disputed_ended_has_date"),
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
        "INSERT INTO payments_payout (id, version, user_id, owner, purpose, amount_minor, currency, gateway,"
        " destination, state, failure, created_at) SELECT gen_random_uuid(), 1, user_id, owner, 'saving', 1, currency,"
        " 'sandbox', 'x', state, '', now()"
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


def test_an_escrow_has_one_open_dispute_and_one_release_of_each_number():
    """The index, not a look, decides between two at once."""
    frozen = f"INSERT INTO payments_disputedfunds {FROZEN} 5, 'frozen', NULL {OF}"
    assert broken(f"{frozen}; {frozen}") == "disputed_one_at_a_time"
    release = f"INSERT INTO payments_escrowrelease {RELEASE} 1, 9, 4, 5, now(), NULL {OF}"
    assert broken(f"{release}; {release}") == "escrow_release_number"


def test_a_week_of_a_contract_is_charged_once():
    funded_escrow()
    statement = f"UPDATE payments_escrow SET week = '2026-11-16', contract_id = '{SOMEBODY}'"
    assert broken(statement) == "escrow_week_once"


def test_a_disputed_account_has_a_floor():
    statement = "INSERT INTO payments_ledgeraccount (key, currency, floor) VALUES ('dispute:x', 'GHS', NULL)"
    assert broken(statement) == "disputed_never_owe"
