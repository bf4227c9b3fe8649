"""The ledger attacked by its own owner: constraints and triggers hold where privileges no longer do."""

import pytest

from domains.payments import rules
from domains.payments.models import LedgerAccount, LedgerTransaction
from kelmah.ids import new_id
from tests.payments.factories import cedis, move, rich
from tests.payments.owner import refusal_of

pytestmark = pytest.mark.domain("payments", transaction=True)

TXN = "INSERT INTO payments_ledgertransaction (idem, kind, n, reference, event_at)"
ENTRY = (
    "INSERT INTO payments_ledgerentry (txn_id, seq, n, account_id, currency, amount, balance_after, account_version)"
)


@pytest.fixture
def books() -> dict[str, int]:
    """A wallet of 100 cedis of which 10 were moved: ids of the accounts and of the transaction."""
    wallet, other = rules.available(rich(cedis(100)).user_id, "GHS"), rules.available(new_id(), "GHS")
    txn = move(wallet, other, cedis(10))
    ids = dict(LedgerAccount.objects.values_list("key", "id"))
    return {"wallet": ids[wallet], "other": ids[other], "txn": txn}


def made(legs: str, *, n: int = 2) -> str:
    """A transaction and its entries, written past the function in one statement: rows of account, currency, amount."""
    return f"""
        WITH t AS ({TXN} VALUES ('raw', 'raw', {n}, '{{}}', now()) RETURNING id)
        {ENTRY} SELECT t.id, seq, {n}, account, currency, amount, 0, 100 + seq
        FROM t, (VALUES {legs}) AS legs (seq, account, currency, amount)"""


@pytest.mark.parametrize(
    ("legs", "state"),
    [
        ("(1, {wallet}, 'GHS', -100), (2, {other}, 'GHS', 99)", "23514"),
        ("(1, {wallet}, 'GHS', -100)", "23514"),
        ("(1, {wallet}, 'GHS', -100), (2, {other}, 'USD', 100)", "23503"),
        ("(1, {wallet}, 'USD', -100), (2, {other}, 'USD', 100)", "23503"),
        ("(1, {wallet}, 'GHS', 0), (2, {other}, 'GHS', 0)", "23514"),
        ("(1, {wallet}, 'GHS', -100), (3, {other}, 'GHS', 100)", "23514"),
    ],
    ids=["unbalanced", "one-sided", "one foreign leg", "all legs foreign", "of nothing", "slot out of range"],
)
def test_what_is_no_transaction_does_not_commit(books, legs, state):
    assert refusal_of(made(legs.format(**books))) == state
    assert not LedgerTransaction.objects.filter(idem="raw").exists()


def test_a_transaction_without_entries_does_not_commit(books):
    assert refusal_of(f"{TXN} VALUES ('raw', 'raw', 2, '{{}}', now())") == "23514"


@pytest.mark.parametrize(
    ("seq", "n", "state"),
    [(3, 2, "23514"), (3, 3, "23503"), (1, 2, "23505"), (0, 2, "23514")],
    ids=["one slot more", "a larger n", "a slot taken again", "slot zero"],
)
def test_no_entry_joins_a_committed_transaction(books, seq, n, state):
    statement = f"{ENTRY} VALUES ({books['txn']}, {seq}, {n}, {books['wallet']}, 'GHS', 5, 0, 77)"
    assert refusal_of(statement) == state


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_ledgerentry SET amount = amount * 2",
        "DELETE FROM payments_ledgerentry",
        "TRUNCATE payments_ledgerentry",
        "UPDATE payments_ledgertransaction SET idem = idem || 'x'",
        "DELETE FROM payments_ledgertransaction",
        "TRUNCATE payments_ledgertransaction CASCADE",
    ],
)
def test_history_is_immutable_even_to_its_owner(books, statement):
    assert refusal_of(statement) == "42501"


def test_no_balance_falls_below_its_floor_even_by_the_owners_hand(books):
    assert refusal_of(f"UPDATE payments_ledgeraccount SET balance = -1 WHERE id = {books['wallet']}") == "23514"


@pytest.mark.parametrize(
    "change",
    ["floor = NULL", "floor = -1", "floor = 5", "key = 'dispute:x', floor = NULL", "key = 'own:x:y:GHS', floor = -1"],
)
def test_no_floor_moves_even_by_the_owners_hand(books, change):
    assert refusal_of(f"UPDATE payments_ledgeraccount SET {change} WHERE id = {books['wallet']}") == "23514"


@pytest.mark.parametrize("key", ["user:x:pending:GHS", "escrow:x", "dispute:x", "hold:x", "payout:x", "refund:x"])
def test_an_account_that_may_owe_becomes_nobodys(books, key):
    """Renamed by its owner, the mirror of a gateway would be somebody's credit."""
    assert refusal_of("UPDATE payments_ledgeraccount SET key = %s WHERE floor IS NULL", key) == "23514"


def test_an_account_with_entries_keeps_its_currency_and_its_row(books):
    assert refusal_of(f"UPDATE payments_ledgeraccount SET currency = 'USD' WHERE id = {books['wallet']}") == "23503"
    assert refusal_of(f"DELETE FROM payments_ledgeraccount WHERE id = {books['wallet']}") == "23503"


def test_an_account_has_one_entry_per_version(books):
    legs = f"(1, {books['wallet']}, 'GHS', -5), (2, {books['other']}, 'GHS', 5)"
    statement = made(legs).replace("100 + seq", "1")
    assert refusal_of(statement) == "23505"


def test_a_transaction_is_reversed_once_even_past_the_function(books):
    columns = TXN.replace("event_at)", "event_at, reverses)")
    legs = f"(1, {books['wallet']}, 'GHS', 5), (2, {books['other']}, 'GHS', -5)"
    twice = " ".join(
        made(legs).replace(TXN, columns).replace("now())", f"now(), {books['txn']})").replace("'raw'", f"'raw {n}'", 1)
        .replace("100 + seq", f"{n}00 + seq") + ";"
        for n in (1, 2)
    )  # fmt: skip
    assert refusal_of(twice) == "23505"
