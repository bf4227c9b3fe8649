"""The check of the books, checked: each invariant finds what breaks it, and nothing else."""

import pytest
from django.core.management import CommandError, call_command

from domains.payments import actions, queries
from domains.payments.actions import disputes, holds
from domains.payments.models import BooksCheck
from domains.payments.queries.invariants import INVARIANTS, contradictions
from kelmah.ids import new_id
from tests.payments.factories import cedis, funded_escrow, ordered_payout, rich
from tests.payments.owner import guards_down

pytestmark = [pytest.mark.domain("payments", transaction=True), pytest.mark.breaks_the_books]

SUMS, WHOLE, BALANCES, HISTORY, FLOORS, CURRENCIES, ESCROWS, TRANSFERS = INVARIANTS


@pytest.fixture
def books():
    """Something of every kind: deposits, a funded, a released and a disputed escrow, a hold, a payout on its way."""
    funded_escrow()
    released = funded_escrow()
    actions.release_escrow(milestone_id=released.milestone_id)
    disputes.freeze(dispute_id=new_id(), milestone_id=funded_escrow(amount=cedis(77)).milestone_id)
    payer = rich(cedis(9)).user_id
    holds.hold(
        holds.Wanted(key="ride", payer_id=payer, amount=cedis(9), purpose="fare", source="rides:1", expires_at=None)
    )
    ordered_payout(rich(cedis(100)), cedis(40))
    assert contradictions() == []


def broken_by(*statements: str) -> set[str]:
    with guards_down() as connection:
        connection.execute("ALTER TABLE payments_ledgeraccount DROP CONSTRAINT account_floor")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, "it should change something"
    try:
        return {contradiction.invariant for contradiction in contradictions()}
    finally:
        with guards_down() as connection:
            connection.execute("DELETE FROM payments_ledgeraccount")
            connection.execute(
                "ALTER TABLE payments_ledgeraccount ADD CONSTRAINT account_floor CHECK (balance >= floor)"
            )


WALLET = "(SELECT id FROM payments_ledgeraccount WHERE key LIKE 'user:%' AND balance > 0 LIMIT 1)"
GATEWAY = "(SELECT id FROM payments_ledgeraccount WHERE key LIKE 'gw:%')"
DEPOSIT_LEG = "(SELECT min(txn_id) FROM payments_ledgerentry) AND seq = 1"


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ([f"UPDATE payments_ledgeraccount SET balance = balance + 1 WHERE id = {WALLET}"], {SUMS, BALANCES}),
        ([f"UPDATE payments_ledgeraccount SET version = version + 1 WHERE id = {WALLET}"], {BALANCES}),
        ([f"DELETE FROM payments_ledgerentry WHERE txn_id = {DEPOSIT_LEG}"], {WHOLE, BALANCES, HISTORY}),
        (
            [f"UPDATE payments_ledgerentry SET amount = amount - 1 WHERE txn_id = {DEPOSIT_LEG}"],
            {WHOLE, BALANCES, HISTORY},
        ),
        ([f"UPDATE payments_ledgerentry SET balance_after = 7 WHERE account_id = {GATEWAY}"], {HISTORY}),
        (
            [f"UPDATE payments_ledgerentry SET account_version = account_version + 90 WHERE account_id = {GATEWAY}"],
            {HISTORY},
        ),
        ([f"UPDATE payments_ledgeraccount SET floor = -100 WHERE id = {WALLET}"], {FLOORS}),
        ([f"UPDATE payments_ledgeraccount SET floor = 10^15 WHERE id = {WALLET}"], {FLOORS}),
        ([f"UPDATE payments_ledgerentry SET currency = 'USD' WHERE txn_id = {DEPOSIT_LEG}"], {WHOLE, CURRENCIES}),
        (["UPDATE payments_escrow SET amount_minor = 1 WHERE state = 'funded'"], {ESCROWS}),
        (["UPDATE payments_escrow SET currency = 'USD' WHERE state = 'funded'"], {ESCROWS}),
        (["DELETE FROM payments_escrow WHERE state = 'funded'"], {ESCROWS}),
        (
            ["UPDATE payments_escrow SET state = 'refunded' WHERE state = 'released'"],
            {ESCROWS},
        ),
        (
            ["UPDATE payments_escrowrelease SET gross_minor = 124999, net_minor = 112499"],
            {ESCROWS},
        ),
        (["DELETE FROM payments_escrowrelease"], {ESCROWS}),
        (["UPDATE payments_escrowrelease SET matures_at = now()"], {ESCROWS}),
        (["UPDATE payments_disputedfunds SET amount_minor = amount_minor - 1"], {ESCROWS}),
        (["UPDATE payments_disputedfunds SET state = 'decided', ended_at = now()"], {ESCROWS}),
        (["DELETE FROM payments_disputedfunds"], {ESCROWS}),
        (["UPDATE payments_moneyhold SET amount_minor = amount_minor + 1"], {ESCROWS}),
        (["UPDATE payments_moneyhold SET state = 'released', settled_at = now()"], {ESCROWS}),
        (["DELETE FROM payments_moneyhold"], {ESCROWS}),
        (["UPDATE payments_payout SET amount_minor = 1"], {TRANSFERS}),
        (["DELETE FROM payments_payout"], {TRANSFERS}),
        (["UPDATE payments_payout SET state = 'paid', settled_at = now()"], {TRANSFERS}),
        (["UPDATE payments_payout SET purpose = 'saving'"], {TRANSFERS}),
        (["UPDATE payments_gatewaycommand SET state = 'rejected' WHERE kind = 'payout'"], {TRANSFERS}),
        (["DELETE FROM payments_deposit"], {TRANSFERS}),
        (
            ["UPDATE payments_deposit SET state = 'failed', credited_minor = NULL, credited_currency = NULL"],
            {TRANSFERS},
        ),
        (["UPDATE payments_deposit SET credited_minor = credited_minor + 1"], {TRANSFERS}),
    ],
)
def test_what_breaks_the_books_is_found_and_named(books, statements, found):
    assert broken_by(*statements) == found


def test_every_invariant_is_broken_by_one_of_these():
    [parameters] = [
        mark for mark in test_what_breaks_the_books_is_found_and_named.pytestmark if mark.name == "parametrize"
    ]
    assert set().union(*(found for _, found in parameters.args[1])) == set(INVARIANTS)
    assert len(INVARIANTS) == 8


def test_the_command_says_what_is_broken_and_fails(books, capsys):
    call_command("books", "check")
    assert capsys.readouterr().out.count("ok ") == 8
    with guards_down() as connection:
        connection.execute("UPDATE payments_escrow SET amount_minor = 1 WHERE state = 'funded'")
    with pytest.raises(CommandError, match="1 of 8"):
        call_command("books", "check")
    assert f"BROKEN  {ESCROWS}" in capsys.readouterr().out


def test_red_books_freeze_payouts_and_green_ones_free_them(books):
    assert (actions.check_books(), queries.payouts_are_frozen()) == (0, False)
    with guards_down() as connection:
        connection.execute("UPDATE payments_escrow SET amount_minor = amount_minor + 1 WHERE state = 'funded'")
    assert (actions.check_books(), queries.payouts_are_frozen()) == (1, True)
    assert BooksCheck.objects.order_by("id").last().broken == [ESCROWS]
    with guards_down() as connection:
        connection.execute("UPDATE payments_escrow SET amount_minor = amount_minor - 1 WHERE state = 'funded'")
    assert (actions.check_books(), queries.payouts_are_frozen()) == (0, False)


def test_empty_books_are_in_order():
    assert contradictions() == []
    assert queries.balance_of(f"escrow:{new_id()}", "GHS").minor == 0
