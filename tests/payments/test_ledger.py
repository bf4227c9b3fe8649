"""The ledger through its one function, and attacked past it by the run-time role."""

import pytest
from django.db import DatabaseError, connections

from domains.payments import rules
from domains.payments.actions.ledger import Line, post
from domains.payments.models import LedgerAccount, LedgerEntry, LedgerTransaction
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.factories import cedis, in_wallet, move, rich

pytestmark = pytest.mark.domain("payments")


def refusal(statement: str, *parameters: object) -> str:
    with pytest.raises(DatabaseError) as error, atomic("payments"), connections["payments"].cursor() as cursor:
        cursor.execute(statement, parameters)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return str(error.value.__cause__.sqlstate)


def posted(*lines: Line, key: str = "k", kind: str = "test", reverses: int | None = None) -> int:
    with atomic("payments"):
        return post(key=key, kind=kind, lines=lines, reference={}, reverses=reverses)


@pytest.fixture
def wallet() -> str:
    return rules.available(rich(cedis(100)).user_id, "GHS")


@pytest.fixture
def other() -> str:
    return rules.available(new_id(), "GHS")


def balance(account: str) -> int:
    return LedgerAccount.objects.get(key=account).balance


def test_the_same_key_and_lines_are_one_transaction(wallet, other):
    assert move(wallet, other, cedis(10), key="k") == move(wallet, other, cedis(10), key="k")
    assert balance(wallet) == 9000


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("test", lambda a, b, c: [Line(a, -cedis(11)), Line(b, cedis(4)), Line(c, cedis(7))]),
        ("test", lambda a, b, c: [Line(a, -cedis(10)), Line(b, cedis(6)), Line(c, cedis(4))]),
        ("test", lambda a, b, c: [Line(a, -cedis(10)), Line(c, cedis(4)), Line(b, cedis(6))]),
        ("test", lambda a, b, c: [Line(b, cedis(4)), Line(a, -cedis(10)), Line(c, cedis(6))]),
        ("test", lambda a, b, c: [Line(a, -cedis(10)), Line(b, cedis(10))]),
        ("test", lambda a, b, c: [Line(a, -cedis(10)), Line(b, cedis(4)), Line(c, cedis(3)), Line(c, cedis(3))]),
        (
            "test",
            lambda a, b, c: [Line(a, Money(-1000, "USD")), Line(b, Money(400, "USD")), Line(c, Money(600, "USD"))],
        ),
        ("gift", lambda a, b, c: [Line(a, -cedis(10)), Line(b, cedis(4)), Line(c, cedis(6))]),
    ],
    ids=["amounts", "shares", "accounts", "order", "fewer", "more", "currency", "kind"],
)
def test_the_same_key_with_another_posting_is_refused_and_writes_nothing(wallet, other, kind, lines):
    third = rules.available(new_id(), "GHS")
    first = (Line(wallet, -cedis(10)), Line(other, cedis(4)), Line(third, cedis(6)))
    txn = posted(*first)
    before = LedgerEntry.objects.count()
    with pytest.raises(rules.LedgerKeyReused):
        posted(*lines(wallet, other, third), kind=kind)
    with pytest.raises(rules.LedgerKeyReused):
        posted(*first, reverses=txn)
    assert posted(*first) == txn
    assert (balance(wallet), LedgerEntry.objects.count()) == (9000, before)


def test_an_overdraft_is_refused_whole_and_its_key_stays_usable(wallet, other):
    with pytest.raises(rules.InsufficientFunds):
        move(wallet, other, cedis(100.01), key="k")
    assert not LedgerTransaction.objects.filter(idem="k").exists()
    move(wallet, other, cedis(100), key="k")


def test_after_a_refusal_the_callers_transaction_lives_on(wallet, other):
    with atomic("payments"):
        with pytest.raises(rules.InsufficientFunds):
            post(key="a", kind="test", lines=[Line(wallet, -cedis(101)), Line(other, cedis(101))], reference={})
        post(key="b", kind="test", lines=[Line(wallet, -cedis(1)), Line(other, cedis(1))], reference={})
    assert list(LedgerTransaction.objects.filter(kind="test").values_list("idem", flat=True)) == ["b"]


@pytest.mark.parametrize(
    "lines",
    [
        lambda wallet, other: [Line(wallet, -cedis(10)), Line(other, cedis(9))],
        lambda wallet, other: [Line(wallet, -cedis(10))],
        lambda wallet, other: [],
        lambda wallet, other: [Line(wallet, cedis(0)), Line(other, cedis(0))],
        lambda wallet, other: [Line(wallet, -cedis(1)), Line(rules.available(new_id(), "USD"), Money(100, "USD"))],
        lambda wallet, other: [Line(wallet, Money(-100, "USD")), Line(other, Money(100, "USD"))],
        lambda wallet, other: [Line(wallet, -cedis(65)), *(Line(other, cedis(1)) for _ in range(65))],
    ],
    ids=["unbalanced", "one-sided", "empty", "of nothing", "two currencies", "foreign currency", "too many"],
)
def test_lines_that_are_no_transaction_are_refused_and_write_nothing(wallet, other, lines):
    before = LedgerTransaction.objects.count()
    with pytest.raises(rules.LedgerRefused):
        posted(*lines(wallet, other))
    assert (balance(wallet), LedgerTransaction.objects.count()) == (10000, before)


def test_several_lines_of_one_account_keep_its_history_gapless(wallet, other):
    posted(Line(wallet, -cedis(10)), Line(other, cedis(4)), Line(other, cedis(6)))
    history = LedgerEntry.objects.filter(account__key=other).order_by("account_version")
    assert [(entry.account_version, entry.balance_after) for entry in history] == [(1, 400), (2, 1000)]


def test_a_closed_account_takes_nothing(wallet, other):
    move(wallet, other, cedis(1))
    with connections["payments"].cursor() as cursor:
        cursor.execute("UPDATE payments_ledgeraccount SET closed = true WHERE key = %s", [other])
    with pytest.raises(rules.LedgerRefused, match="closed"):
        move(wallet, other, cedis(1))


def test_an_overflow_is_refused():
    gateway, suspense = rules.gateway("sandbox", "GHS"), rules.suspense("sandbox", "GHS")
    move(gateway, suspense, Money(2**62, "GHS"))
    with pytest.raises(rules.LedgerRefused):
        move(gateway, suspense, Money(2**62, "GHS"))


@pytest.mark.parametrize("amount", [2**63, 2**70])
def test_an_amount_that_no_account_can_hold_is_refused_and_the_callers_transaction_lives_on(wallet, other, amount):
    beyond, small = Money(amount, "GHS"), cedis(10)
    with atomic("payments"):
        with pytest.raises(rules.LedgerRefused, match="more than an account can hold"):
            post(key="k", kind="test", lines=[Line(wallet, -beyond), Line(other, beyond)], reference={})
        post(key="k", kind="test", lines=[Line(wallet, -small), Line(other, small)], reference={})
    assert balance(other) == 1000


def test_the_server_plans_a_posting_once_however_wide_its_amounts_are(other):
    gateway, legs = rules.gateway("sandbox", "GHS"), 7  # as many as no other test has
    for amount in (1, 40_000, 5_000_000_000) * 5:
        paid = Line(gateway, Money(-amount * (legs - 1), "GHS"))
        posted(paid, *[Line(other, Money(amount, "GHS"))] * (legs - 1), key=f"k:{new_id()}")
    with connections["payments"].cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%payments_try_post(%'")
        planned = [statement for (statement,) in cursor.fetchall() if statement.count("$") == 2 + 3 * legs + 3]
    assert len(planned) == 1


def test_a_transaction_is_reversed_once(wallet, other):
    first = move(wallet, other, cedis(10))
    back = (Line(other, -cedis(10)), Line(wallet, cedis(10)))
    posted(*back, key="back", reverses=first)
    assert LedgerTransaction.objects.get(idem="back").reverses_id == first
    move(wallet, other, cedis(10))
    with pytest.raises(rules.LedgerRefused):
        posted(*back, key="back again", reverses=first)
    assert balance(other) == 1000


def test_what_never_was_is_not_reversed(wallet, other):
    move(wallet, other, cedis(10))
    with pytest.raises(rules.LedgerRefused):
        posted(Line(other, -cedis(1)), Line(wallet, cedis(1)), reverses=10**9)


def test_a_posting_outside_a_transaction_is_refused(wallet, other):
    with pytest.raises(RuntimeError, match="atomic"):
        post(key="k", kind="test", lines=[Line(wallet, -cedis(1)), Line(other, cedis(1))], reference={})


def test_a_rolled_back_posting_leaves_nothing_and_a_nested_one_commits(wallet, other):
    with atomic("payments"):
        with pytest.raises(ZeroDivisionError), atomic("payments"):
            move(wallet, other, cedis(10), key="lost")
            raise ZeroDivisionError
        with atomic("payments"):
            move(wallet, other, cedis(20), key="kept")
    assert list(LedgerTransaction.objects.filter(kind="test").values_list("idem", flat=True)) == ["kept"]
    assert balance(wallet) == 8000


def test_wallets_start_empty():
    assert in_wallet(new_id()) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_ledgeraccount SET balance = 1000000",
        "UPDATE payments_ledgeraccount SET floor = NULL",
        "UPDATE payments_ledgeraccount SET currency = 'USD'",
        "UPDATE payments_ledgeraccount SET version = 7",
        "DELETE FROM payments_ledgeraccount",
        "UPDATE payments_ledgerentry SET amount = 1",
        "DELETE FROM payments_ledgerentry",
        "TRUNCATE payments_ledgerentry",
        "UPDATE payments_ledgertransaction SET kind = 'gift'",
        "DELETE FROM payments_ledgertransaction",
        "TRUNCATE payments_ledgertransaction CASCADE",
        "INSERT INTO payments_ledgertransaction (idem, kind, n, reference, event_at)"
        " VALUES ('x', 'gift', 2, '{}', now())",
        "INSERT INTO payments_ledgerentry VALUES (1, 1, 2, 1, 'GHS', 100, 100, 99)",
        "INSERT INTO payments_ledgeraccount (key, currency, balance) VALUES ('user:x', 'GHS', 100)",
        "ALTER TABLE payments_ledgerentry DISABLE TRIGGER ALL",
        "DROP TRIGGER entry_rows ON payments_ledgerentry",
        "CREATE OR REPLACE FUNCTION payments_txn_is_whole() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
        "SET session_replication_role = replica",
        "SET ROLE kelmah_payments_owner",
        "DELETE FROM payments_position",
    ],
)
def test_past_the_function_the_run_time_role_writes_nothing(wallet, statement):
    assert refusal(statement) in ("42501", "55000")


@pytest.mark.parametrize("floor", [None, -100, 5])
@pytest.mark.parametrize("key", ["user:x:available:GHS", "escrow:x", "payout:x"])
def test_nobody_is_given_credit_by_opening_an_account_with_another_floor(key, floor):
    statement = "INSERT INTO payments_ledgeraccount (key, currency, floor) VALUES (%s, 'GHS', %s)"
    assert refusal(statement, key, floor) == "23514"


def test_the_run_time_role_can_put_nothing_in_front_of_the_ledgers_tables():
    assert refusal("CREATE TEMP TABLE payments_ledgeraccount (balance bigint)") == "42501"
    assert refusal("CREATE TABLE payments.payments_shadow (balance bigint)") == "42501"
