"""Reversals, balances at any time, statements and exports; an independent tool agrees with the books."""

import csv
import io
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from domains.payments import actions, rules
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.reversals import reverse
from domains.payments.models import LedgerAccount, LedgerEntry, LedgerTransaction
from domains.payments.queries.balances import account_statement, trial_balance
from domains.payments.queries.exports import beancount, journal_csv
from domains.payments.rules.chart import OTHER
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.factories import cedis, funded_escrow, in_wallet, move, ordered_payout, rich, ruling

pytestmark = pytest.mark.domain("payments")

GATEWAY = "gw:sandbox:GHS"


def taken_back(txn: int) -> int:
    with atomic("payments"):
        return reverse(txn=txn, reference={})


@pytest.fixture
def year(clock):
    """A deposit today, an escrow funded tomorrow and released the day after, a payout on its way after that."""
    days = [clock.now()]
    by = rich(cedis(100))
    days.append(clock.advance(days=1) or clock.now())
    escrow = funded_escrow()
    days.append(clock.advance(days=1) or clock.now())
    actions.release_escrow(milestone_id=escrow.milestone_id)
    days.append(clock.advance(days=1) or clock.now())
    ordered_payout(by, cedis(40))
    clock.advance(days=1)
    return [*days, clock.now()]


# Reversal


def test_a_reversal_undoes_every_line_and_names_what_it_takes_back():
    wallet, loss = rules.available(rich(cedis(100)).user_id, "GHS"), "platform:loss:GHS"
    first = move(wallet, loss, cedis(10))
    back = taken_back(first)
    assert {account: LedgerAccount.objects.get(key=account).balance for account in (wallet, loss)} == {
        wallet: 10000,
        loss: 0,
    }
    assert LedgerTransaction.objects.values_list("reverses", "kind").get(id=back) == (first, "reversal")


def test_a_transaction_reversed_twice_is_reversed_once():
    wallet = rules.available(rich(cedis(100)).user_id, "GHS")
    first = move(wallet, "platform:loss:GHS", cedis(10))
    assert taken_back(first) == taken_back(first)
    assert LedgerAccount.objects.get(key=wallet).balance == 10000


def test_a_reversal_can_itself_be_taken_back():
    wallet = rules.available(rich(cedis(100)).user_id, "GHS")
    taken_back(taken_back(move(wallet, "platform:loss:GHS", cedis(10))))
    assert LedgerAccount.objects.get(key=wallet).balance == 9000


def test_what_another_transaction_took_back_is_not_reversed_again():
    wallet, loss = rules.available(rich(cedis(100)).user_id, "GHS"), "platform:loss:GHS"
    first = move(wallet, loss, cedis(10))
    with atomic("payments"):
        lines = [Line(loss, -cedis(10)), Line(wallet, cedis(10))]
        post(key="by hand", kind="test", lines=lines, reference={}, reverses=first)
    with pytest.raises(rules.AlreadyReversed, match="by hand"):
        taken_back(first)


def test_what_was_given_and_is_spent_is_not_reversed():
    by = rich(cedis(100))
    wallet = rules.available(by.user_id, "GHS")
    gift = move("platform:loss:GHS", wallet, cedis(10))
    move(wallet, rules.available(new_id(), "GHS"), cedis(105))
    with pytest.raises(rules.InsufficientFunds):
        taken_back(gift)
    assert in_wallet(by.user_id) == 500


def test_a_hold_is_not_reversed_past_what_it_is_held_for():
    escrow = funded_escrow()
    fund = LedgerTransaction.objects.get(idem=f"escrow:{escrow.milestone_id}:fund")
    with pytest.raises(rules.HoldNotAdjustable):
        taken_back(fund.id)


def test_what_never_was_is_not_reversed():
    with pytest.raises(NotFound):
        taken_back(10**9)


# Balances at any time


def test_a_trial_balance_of_now_is_that_of_adding_everything_up(year):
    assert trial_balance() == trial_balance(at=clock.now() + timedelta(seconds=1))


def test_debit_equals_credit_at_every_moment(year):
    for moment in year:
        rows = trial_balance(at=moment)
        assert sum(row.debit.minor for row in rows) == sum(row.credit.minor for row in rows)
    assert rows


def test_the_trial_balance_of_a_past_moment_knows_nothing_of_what_came_later(year):
    credit = [sum(row.credit.minor for row in trial_balance(at=moment)) for moment in year]
    assert credit == [0, 10000, 135000, 135000, 135000]
    kinds = [{row.kind.title for row in trial_balance(at=moment) if row.balance.minor} for moment in year]
    assert "Protected funds" in kinds[2]
    assert "Fees" in kinds[3]
    assert "Payouts on their way" not in kinds[3]


def test_a_statement_opens_with_what_was_there_and_closes_with_what_is(year):
    whole = account_statement(account=GATEWAY, since=year[0], until=year[4])
    late = account_statement(account=GATEWAY, since=year[1], until=year[2])
    assert (whole.opening.minor, whole.closing.minor, len(whole.lines)) == (0, -135000, 2)
    assert (late.opening.minor, late.closing.minor, len(late.lines)) == (-10000, -135000, 1)
    assert account_statement(account=GATEWAY, since=year[3], until=year[4]).closing == Money(-135000, "GHS")


def test_there_is_no_statement_of_what_is_no_account():
    assert account_statement(account="gw:nobody:GHS", since=clock.now(), until=clock.now()) is None


def test_every_account_that_the_product_opens_is_in_the_chart(year):
    assert [key for key in LedgerAccount.objects.values_list("key", flat=True) if rules.kind_of(key) is OTHER] == []


@pytest.mark.parametrize(
    ("account", "title"),
    [
        ("user:0199:available:GHS", "Wallets"),
        ("user:0199:pending:GHS", "Wallets, pending"),
        ("platform:fee:GHS:11", "Fees"),
        ("platform:loss:GHS", "Losses"),
        ("unheard:of", "Other"),
    ],
)
def test_the_chart_knows_accounts_by_their_names(account, title):
    assert rules.kind_of(account).title == title


# Exports


def test_the_journal_as_csv_adds_up_and_has_every_entry(year):
    rows = list(csv.DictReader(io.StringIO("".join(journal_csv(since=year[0], until=year[4])))))
    assert len(rows) == LedgerEntry.objects.count()
    assert sum(round(float(row["amount"]) * 100) for row in rows) == 0
    assert rows[0]["kind"] == "deposit"
    assert {row["currency"] for row in rows} == {"GHS"}


def test_the_journal_of_a_day_is_of_that_day(year):
    rows = list(csv.DictReader(io.StringIO("".join(journal_csv(since=year[2], until=year[3])))))
    assert {row["kind"] for row in rows} == {"escrow_release"}


def test_a_reversal_in_the_journal_names_what_it_takes_back(year):
    first = move(rules.available(rich(cedis(100)).user_id, "GHS"), "platform:loss:GHS", cedis(10), key="given away")
    taken_back(first)
    rows = list(csv.DictReader(io.StringIO("".join(journal_csv(since=year[0], until=clock.now() + timedelta(1))))))
    assert [row["reverses"] for row in rows if row["kind"] == "reversal"] == ["given away"] * 2


def checked(books: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What ``bean-check``, which knows nothing of us, says of the books."""
    file = folder / "books.beancount"
    file.write_text(books)
    command = [str(Path(sys.executable).with_name("bean-check")), str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def books(year) -> str:
    """Everything that the product books, in currencies with none, two and three decimals."""
    actions.refund_escrow(milestone_id=funded_escrow().milestone_id, ruling=ruling())
    for amount in (Money(12345, "JPY"), Money(1234567, "KWD"), Money(1, "KWD")):
        move(rules.gateway("sandbox", amount.currency), rules.available(new_id(), amount.currency), amount)
    move('odd:"name" \\ of:GHS', "suspense:sandbox:GHS", cedis(0.01))
    return "".join(beancount())


def test_an_independent_tool_finds_the_books_in_order(books, tmp_path):
    answer = checked(books, tmp_path)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert books.count(" open ") == books.count(" balance ") == LedgerAccount.objects.count()


def test_an_independent_tool_adds_up_the_same_balances(books, tmp_path):
    from beancount.core import realization
    from beancount.loader import load_string

    entries, errors, _ = load_string(books)
    assert errors == []
    theirs = {
        account.account.rpartition(":")[2].split("-")[0]: account.balance
        for account in realization.iter_children(realization.realize(entries))
        if account.txn_postings
    }
    for account in LedgerAccount.objects.exclude(balance=0):
        [position] = theirs[str(account.id)]
        assert str(position.units) == str(-Money(account.balance, account.currency))


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (" 1234.567 KWD\n", " 1234.568 KWD\n"),
        (" -12345 JPY\n", " -12346 JPY\n"),
        (" -0.001 ~ 0 KWD", " -0.002 ~ 0 KWD"),
    ],
    ids=["a line", "of a currency without decimals", "a balance"],
)
def test_an_independent_tool_finds_the_smallest_unit_too_much(books, tmp_path, true, false):
    assert true in books
    answer = checked(books.replace(true, false, 1), tmp_path)
    assert answer.returncode == 1
    assert "balance" in answer.stderr.lower()


# The command


def test_the_command_prints_what_the_queries_say(year, capsys):
    call_command("books", "balance")
    total = capsys.readouterr().out.splitlines()[-1].split()
    assert total == ["total", "1350.00", "GHS", "1350.00", "GHS"]
    call_command("books", "balance", at=year[1])
    assert capsys.readouterr().out.splitlines()[-1].split() == ["total", "100.00", "GHS", "100.00", "GHS"]
    call_command("books", "statement", GATEWAY, "--since", f"{year[1].isoformat()}")
    assert [line.split()[-2] for line in capsys.readouterr().out.splitlines()] == ["-100.00", "-1350.00", "-1350.00"]


def test_the_command_exports_both_ways(year, capsys, tmp_path):
    call_command("books", "export", "beancount")
    assert checked(capsys.readouterr().out, tmp_path).returncode == 0
    call_command("books", "export", "csv", "--since", "2999-01-01")
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_command_says_when_there_is_no_such_account():
    with pytest.raises(CommandError, match="gw:nobody:GHS"):
        call_command("books", "statement", "gw:nobody:GHS")
