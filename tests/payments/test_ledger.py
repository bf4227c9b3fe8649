"""The ledger, attacked: through its one function and past it."""

import pytest
from django.db import DatabaseError, connections

from domains.payments import rules
from domains.payments.actions.ledger import Line, post
from domains.payments.models import LedgerAccount, LedgerTransaction
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.factories import cedis, in_wallet, rich

pytestmark = pytest.mark.domain("payments")


def move(source: str, target: str, amount: Money, *, key: str | None = None) -> int:
    lines = [Line(source, -amount), Line(target, amount)]
    return post(key=key or f"test:{new_id()}", kind="test", lines=lines, reference={})


def refusal(statement: str, *parameters: object) -> str:
    with pytest.raises(DatabaseError) as error, atomic("payments"), connections["payments"].cursor() as cursor:
        cursor.execute(statement, parameters)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return str(error.value.__cause__.sqlstate)


@pytest.fixture
def wallet() -> str:
    return rules.available(rich(cedis(100)).user_id, "GHS")


def test_the_same_key_and_lines_are_one_transaction(wallet):
    other = rules.available(new_id(), "GHS")
    assert move(wallet, other, cedis(10), key="k") == move(wallet, other, cedis(10), key="k")
    assert LedgerAccount.objects.get(key=wallet).balance == 9000


def test_the_same_key_with_other_lines_is_refused(wallet):
    other = rules.available(new_id(), "GHS")
    move(wallet, other, cedis(10), key="k")
    with pytest.raises(rules.LedgerKeyReused):
        move(wallet, other, cedis(11), key="k")
    assert LedgerAccount.objects.get(key=wallet).balance == 9000


def test_an_overdraft_is_refused_whole_and_its_key_stays_usable(wallet):
    other = rules.available(new_id(), "GHS")
    with pytest.raises(rules.InsufficientFunds):
        move(wallet, other, cedis(100.01), key="k")
    assert not LedgerTransaction.objects.filter(idem="k").exists()
    move(wallet, other, cedis(100), key="k")


def test_unbalanced_lines_are_refused(wallet):
    with pytest.raises(rules.LedgerRefused):
        post(
            key="k",
            kind="test",
            lines=[Line(wallet, -cedis(10)), Line(rules.available(new_id(), "GHS"), cedis(9))],
            reference={},
        )


def test_one_sided_transactions_are_refused(wallet):
    with pytest.raises(rules.LedgerRefused):
        post(key="k", kind="test", lines=[Line(wallet, -cedis(10))], reference={})


def test_currencies_do_not_balance_each_other(wallet):
    with pytest.raises(rules.LedgerRefused):
        post(
            key="k",
            kind="test",
            lines=[Line(wallet, -cedis(10)), Line(rules.available(new_id(), "USD"), Money(1000, "USD"))],
            reference={},
        )


def test_an_account_keeps_its_currency(wallet):
    assert refusal("UPDATE payments_ledgeraccount SET currency = 'USD' WHERE key = %s", wallet) == "42501"


def test_a_closed_account_takes_nothing(wallet):
    other = rules.available(new_id(), "GHS")
    move(wallet, other, cedis(1))
    with connections["payments"].cursor() as cursor:
        cursor.execute("UPDATE payments_ledgeraccount SET closed = true WHERE key = %s", [other])
    with pytest.raises(rules.LedgerRefused):
        move(wallet, other, cedis(1))


def test_an_overflow_is_refused(wallet):
    gateway = rules.gateway("sandbox", "GHS")
    move(gateway, rules.suspense("sandbox", "GHS"), Money(2**62, "GHS"))
    with pytest.raises(rules.LedgerRefused):
        move(gateway, rules.suspense("sandbox", "GHS"), Money(2**62, "GHS"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_ledgeraccount SET balance = 1000000",
        "UPDATE payments_ledgeraccount SET floor = NULL",
        "DELETE FROM payments_ledgeraccount",
        "UPDATE payments_ledgerentry SET amount = 1",
        "DELETE FROM payments_ledgerentry",
        "TRUNCATE payments_ledgerentry",
        "UPDATE payments_ledgertransaction SET kind = 'gift'",
        "DELETE FROM payments_ledgertransaction",
        "TRUNCATE payments_ledgertransaction CASCADE",
        "INSERT INTO payments_ledgertransaction (idem, req_hash, kind, n, reference, event_at)"
        " VALUES ('x', '', 'gift', 2, '{}', now())",
        "INSERT INTO payments_ledgerentry VALUES (1, 1, 2, 1, 'GHS', 100, 100, 99)",
        "INSERT INTO payments_ledgeraccount (key, currency, balance) VALUES ('user:x', 'GHS', 100)",
        "ALTER TABLE payments_ledgerentry DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ],
)
def test_past_the_function_nothing_can_be_written(wallet, statement):
    assert refusal(statement) == "42501"


def test_a_rolled_back_posting_leaves_nothing_and_a_nested_one_commits(wallet):
    other = rules.available(new_id(), "GHS")
    with atomic("payments"):
        with pytest.raises(rules.InsufficientFunds), atomic("payments"):
            move(wallet, other, cedis(10), key="lost")
            raise rules.InsufficientFunds
        with atomic("payments"):
            move(wallet, other, cedis(20), key="kept")
    assert list(LedgerTransaction.objects.filter(kind="test").values_list("idem", flat=True)) == ["kept"]


def test_wallets_start_empty():
    assert in_wallet(new_id()) == 0
