"""The ledger's own rows of the adversarial tests that no other file has: sixteen at once, and what names no account."""

import pytest
from django.db import DatabaseError, connections

from domains.payments import rules
from domains.payments.models import LedgerAccount, LedgerEntry, LedgerTransaction
from kelmah.db import atomic
from kelmah.ids import new_id
from tests.payments.factories import cedis, funded_escrow, move, rich

CALL = "SELECT payments_post(%s, 'test', %s, %s::bigint[], '{GHS,GHS}', '{}', now())"


@pytest.mark.domain("payments", transaction=True)
@pytest.mark.breaks_the_books  # the escrow's row knows nothing of what is taken past it
def test_row_1_sixteen_who_empty_one_escrow_under_different_keys_are_one(race):
    escrow = funded_escrow()
    hold, worker = rules.escrow(escrow.milestone_id), rules.available(escrow.worker_id, "GHS")
    outcome = race(lambda: move(hold, worker, escrow.amount), 16)
    assert sum(isinstance(result, int) for result in outcome) == 1
    assert sum(isinstance(result, rules.InsufficientFunds) for result in outcome) == 15
    assert LedgerAccount.objects.get(key=worker).balance == escrow.amount_minor


@pytest.mark.domain("payments", transaction=True)
def test_row_3_one_key_with_two_amounts_at_once_is_one_of_them(race):
    wallet, other = rules.available(rich(cedis(100)).user_id, "GHS"), rules.available(new_id(), "GHS")
    amounts = [cedis(10), cedis(11)] * 4
    outcome = race([lambda a=amount: move(wallet, other, a, key="once") for amount in amounts])
    assert sum(isinstance(result, int) for result in outcome) == 4
    assert sum(isinstance(result, rules.LedgerKeyReused) for result in outcome) == 4
    assert LedgerEntry.objects.filter(txn__idem="once").count() == 2


@pytest.mark.domain("payments")
@pytest.mark.parametrize(
    ("closed", "constraint"), [(False, "account_missing"), (True, "account_closed")], ids=["unknown", "closed"]
)
def test_row_7_a_posting_on_no_account_leaves_nothing_and_its_key_stays_usable(closed, constraint):
    wallet, other = rules.available(rich(cedis(100)).user_id, "GHS"), rules.available(new_id(), "GHS")
    if closed:
        move(wallet, other, cedis(1))
        with connections["payments"].cursor() as cursor:
            cursor.execute("UPDATE payments_ledgeraccount SET closed = true WHERE key = %s", [other])
    before = LedgerAccount.objects.get(key=wallet).balance
    for accounts in ([wallet, other], [other, wallet]):
        with pytest.raises(DatabaseError) as error, atomic("payments"), connections["payments"].cursor() as cursor:
            cursor.execute(CALL, ["k", accounts, [-100, 100]])
        assert error.value.__cause__.diag.constraint_name == constraint
    assert LedgerAccount.objects.get(key=wallet).balance == before
    assert not LedgerTransaction.objects.filter(idem="k").exists()
    move(wallet, rules.available(new_id(), "GHS"), cedis(1), key="k")
