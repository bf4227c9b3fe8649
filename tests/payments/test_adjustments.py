"""Corrections by hand: two of staff, a reason, and a ledger transaction; never anything else."""

import pytest
from django.db import DatabaseError, connections

from domains.payments import rules
from domains.payments.actions import adjustments
from domains.payments.actions.reversals import reverse
from domains.payments.models import Adjustment, LedgerAccount, LedgerTransaction
from domains.payments.rules.adjustments import OwnAdjustment, check_lines, parse_lines
from kelmah.db import atomic
from kelmah.errors import Forbidden, InvalidInput, InvalidTransition, NotFound
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.factories import cedis, funded_escrow, in_wallet, move, rich

pytestmark = pytest.mark.domain("payments")

ASKER, OTHER = new_id(), new_id()
LOSS = "platform:loss:GHS"


def asked(wallet: str, **changes: object) -> Adjustment:
    """Somebody is to get ten cedis, at the platform's cost."""
    wanted = {"lines": [(LOSS, -cedis(10)), (wallet, cedis(10))], "by_id": ASKER, "reason": "double fee of the bank"}
    return adjustments.ask(**wanted | changes)


@pytest.fixture
def user():
    return rich(cedis(100)).user_id


@pytest.fixture
def wallet(user) -> str:
    return rules.available(user, "GHS")


def test_an_approved_adjustment_is_a_ledger_transaction_that_names_it(user, wallet):
    adjustment = adjustments.approve(adjustment_id=asked(wallet).id, by_id=OTHER, note="seen")
    txn = LedgerTransaction.objects.get(id=adjustment.txn_id)
    assert (txn.kind, txn.reference) == ("adjustment", {"adjustment_id": str(adjustment.id)})
    assert (adjustment.state, in_wallet(user)) == ("posted", 11000)


def test_nothing_moves_before_somebody_else_approves(user, wallet):
    adjustment = asked(wallet)
    with pytest.raises(OwnAdjustment):
        adjustments.approve(adjustment_id=adjustment.id, by_id=ASKER)
    assert (Adjustment.objects.get().state, in_wallet(user)) == ("open", 10000)


def test_a_declined_adjustment_moves_nothing_and_says_why(user, wallet):
    adjustment = asked(wallet)
    with pytest.raises(OwnAdjustment):
        adjustments.decline(adjustment_id=adjustment.id, by_id=ASKER, note="no")
    with pytest.raises(rules.ReasonMissing):
        adjustments.decline(adjustment_id=adjustment.id, by_id=OTHER, note=" ")
    assert adjustments.decline(adjustment_id=adjustment.id, by_id=OTHER, note="the bank paid it back").txn_id is None
    with pytest.raises(InvalidTransition):
        adjustments.approve(adjustment_id=adjustment.id, by_id=new_id())
    assert in_wallet(user) == 10000


def test_only_who_asked_takes_it_back(wallet):
    adjustment = asked(wallet)
    with pytest.raises(Forbidden):
        adjustments.take_back(adjustment_id=adjustment.id, by_id=OTHER)
    assert adjustments.take_back(adjustment_id=adjustment.id, by_id=ASKER).state == "taken_back"


def test_without_a_reason_nothing_is_asked(wallet):
    with pytest.raises(rules.ReasonMissing):
        asked(wallet, reason="  ")
    assert not Adjustment.objects.exists()


def test_what_is_not_there_is_not_taken_and_can_be_approved_later(user, wallet):
    adjustment = asked(wallet, lines=[(wallet, -cedis(101)), (LOSS, cedis(101))])
    with pytest.raises(rules.InsufficientFunds):
        adjustments.approve(adjustment_id=adjustment.id, by_id=OTHER)
    assert Adjustment.objects.get().state == "open"
    move("gw:sandbox:GHS", wallet, cedis(1))
    assert adjustments.approve(adjustment_id=adjustment.id, by_id=OTHER).state == "posted"


def test_a_hold_is_no_matter_of_the_hand():
    escrow = funded_escrow()
    hold, wallet = f"escrow:{escrow.milestone_id}", rules.available(escrow.worker_id, "GHS")
    with pytest.raises(rules.HoldNotAdjustable):
        asked(wallet, lines=[(hold, -cedis(1)), (wallet, cedis(1))])
    fund = LedgerTransaction.objects.get(idem=f"{hold}:fund").id
    with pytest.raises(rules.HoldNotAdjustable):
        adjustments.ask_reversal(txn=fund, by_id=ASKER, reason="please")


def test_a_deposit_taken_back_by_hand_could_still_be_refunded_so_it_is_not(user):
    paid_in = LedgerTransaction.objects.get(kind="deposit", entries__account__key=rules.available(user, "GHS")).id
    with pytest.raises(rules.HoldNotAdjustable):
        adjustments.ask_reversal(txn=paid_in, by_id=ASKER, reason="a slip")
    with pytest.raises(rules.HoldNotAdjustable), atomic("payments"):
        reverse(txn=paid_in, reference={})
    assert in_wallet(user) == 10000


@pytest.mark.parametrize("account", ["user:0199:pending:GHS", "receivable:0199:GHS", "refund:0199", "dispute:0199"])
def test_what_follows_a_row_is_no_matter_of_the_hand(wallet, account):
    with pytest.raises(rules.HoldNotAdjustable):
        asked(wallet, lines=[(account, -cedis(1)), (wallet, cedis(1))])


@pytest.mark.parametrize("account", ["platform:los:GHS", "user:nobody:available:GHS", "platform:loss:USD"])
def test_a_name_mistyped_opens_no_account(wallet, account):
    with pytest.raises(InvalidInput, match="No account"):
        asked(wallet, lines=[(account, -cedis(1)), (wallet, cedis(1))])
    assert not LedgerAccount.objects.filter(key=account).exists()


def test_an_account_keeps_its_currency(wallet):
    dollar = Money(1, "USD")
    with pytest.raises(InvalidInput, match="is in GHS"):
        asked(wallet, lines=[(wallet, -dollar), ("platform:loss:USD", dollar)])


def test_a_reversal_is_asked_for_and_approved_like_any_adjustment(user, wallet):
    gift = move(LOSS, wallet, cedis(10))
    adjustment = adjustments.ask_reversal(txn=gift, by_id=ASKER, reason="given to the wrong one")
    done = adjustments.approve(adjustment_id=adjustment.id, by_id=OTHER)
    assert (LedgerTransaction.objects.get(id=done.txn_id).reverses_id, in_wallet(user)) == (gift, 10000)


def test_what_was_taken_back_is_not_taken_back_again(user, wallet):
    gift = move(LOSS, wallet, cedis(10))
    waits = adjustments.ask_reversal(txn=gift, by_id=ASKER, reason="wrong one")
    with atomic("payments"):
        reverse(txn=gift, reference={})  # as another, whose approval commits only now
    with pytest.raises(rules.AlreadyReversed):
        adjustments.approve(adjustment_id=waits.id, by_id=OTHER)
    adjustments.decline(adjustment_id=waits.id, by_id=OTHER, note="it was taken back before")
    with pytest.raises(rules.AlreadyReversed):
        adjustments.ask_reversal(txn=gift, by_id=ASKER, reason="wrong one")
    assert in_wallet(user) == 10000


def test_a_reversal_is_asked_for_once_at_a_time(wallet):
    gift = move(LOSS, wallet, cedis(10))
    adjustments.ask_reversal(txn=gift, by_id=ASKER, reason="wrong one")
    with pytest.raises(rules.AlreadyReversed):
        adjustments.ask_reversal(txn=gift, by_id=OTHER, reason="wrong one")


def test_what_never_was_is_not_asked_for():
    with pytest.raises(NotFound):
        adjustments.ask_reversal(txn=10**9, by_id=ASKER, reason="please")
    with pytest.raises(NotFound):
        adjustments.approve(adjustment_id=new_id(), by_id=OTHER)


@pytest.mark.domain("payments", transaction=True)
def test_four_who_approve_at_once_post_once(race, user, wallet):
    adjustment = asked(wallet)
    outcome = race(lambda: adjustments.approve(adjustment_id=adjustment.id, by_id=new_id()), 4)
    assert sum(isinstance(result, InvalidTransition) for result in outcome) == 3
    assert in_wallet(user) == 11000


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE payments_adjustment SET reason = ''", "adjustment_has_reason"),
        ("UPDATE payments_adjustment SET lines = '[]'", "adjustment_posts_one_thing"),
        ("UPDATE payments_adjustment SET reverses_id = 1", "adjustment_posts_one_thing"),
        ("UPDATE payments_adjustment SET state = 'gone'", "adjustment_by_two"),
        (
            "UPDATE payments_adjustment SET state = 'declined', decided_at = now(), decided_by = asked_by",
            "adjustment_by_two",
        ),
        (
            "UPDATE payments_adjustment SET state = 'posted', decided_at = now(), decided_by = gen_random_uuid()",
            "adjustment_posted_has_transaction",
        ),
    ],
)
def test_the_database_refuses_what_two_did_not_decide(wallet, statement, constraint):
    asked(wallet)
    with pytest.raises(DatabaseError) as error, atomic("payments"), connections["payments"].cursor() as cursor:
        cursor.execute(statement)
    assert error.value.__cause__.diag.constraint_name == constraint


def test_lines_are_read_as_they_are_written():
    text = "suspense:sandbox:GHS -12.50 GHS\n\n  gw:x:JPY   7 JPY \ngw:x:KWD 0.001 KWD"
    assert parse_lines(text) == [
        ("suspense:sandbox:GHS", Money(-1250, "GHS")),
        ("gw:x:JPY", Money(7, "JPY")),
        ("gw:x:KWD", Money(1, "KWD")),
    ]


@pytest.mark.parametrize(
    "line", ["a 1", "a 1.001 GHS", "a 0.5 JPY", "a NaN GHS", "a Infinity GHS", "a one GHS", "a 1 XXX", "a 1,50 GHS"]
)
def test_what_is_no_amount_of_money_is_refused(line):
    with pytest.raises(InvalidInput):
        parse_lines(line)


@pytest.mark.parametrize(
    "text",
    ["", "a 1 GHS", "a 1 GHS\nb -2 GHS", "a 1 GHS\nb -1 USD", "a 0 GHS\nb 0 GHS", "a 1e20 GHS\nb -1e20 GHS"],
    ids=["empty", "one-sided", "unbalanced", "two currencies", "of nothing", "too much"],
)
def test_lines_that_are_no_transaction_are_refused(text):
    with pytest.raises(InvalidInput):
        check_lines(parse_lines(text))
