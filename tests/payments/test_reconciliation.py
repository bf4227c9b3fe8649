"""Statements against the books (row 32): each line in its class, and no payout leaves while something is red."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connections

from domains.payments import actions, queries, rules
from domains.payments.actions import differences, refunds, reversals
from domains.payments.actions.differences import open_difference
from domains.payments.actions.outcomes import settle_command
from domains.payments.actions.reconciliation import judge, reconcile
from domains.payments.actions.statements import fetch_statement, fetch_statements, import_file
from domains.payments.gateways import Rejected, Returned, Succeeded
from domains.payments.models import Decision, Difference, GatewayCommand, Statement, StatementEntry
from domains.payments.queries.reconciliation import legs_without_line, report
from domains.payments.rules import PayoutsFrozen
from domains.payments.rules.errors import OthersStatement, ReasonMissing, StatementUnreadable
from kelmah import clock
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.factories import (
    balance,
    cedis,
    facts_of,
    in_wallet,
    move,
    ordered_deposit,
    ordered_payout,
    rich,
    ruling,
    somebody,
    state_of,
)
from tests.payments.statements import as_csv, bring, covering, line, line_of, open_differences, verdict_of

pytestmark = pytest.mark.domain("payments")


def charged():
    """A deposit that the gateway made, and its order as it stands."""
    deposit, command = ordered_deposit(somebody(), cedis(15))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    command.refresh_from_db()
    return deposit, command


def paid_out():
    payout, command = ordered_payout(rich(cedis(100)), cedis(40))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    command.refresh_from_db()
    return payout, command


def test_row_32_a_line_that_agrees_with_order_and_books_is_matched():
    _, charge = charged()
    _, payout = paid_out()
    rows = [line_of(charge), line_of(payout)]
    bring(*rows)
    assert [verdict_of(row) for row in rows] == ["matched", "matched"]
    entry = StatementEntry.objects.get(line_id=rows[0]["line_id"])
    assert (entry.command_id, entry.transaction_id) == (
        charge.id,
        queries.transaction_of(rules.charged("sandbox", charge.gateway_ref)),
    )
    assert (open_differences(), queries.payouts_are_frozen()) == ([], False)


def test_row_32_a_line_told_twice_is_kept_once():
    _, charge = charged()
    row = line_of(charge)
    first = bring(row, row)
    again = bring(row, *covering(days=1))
    assert (first.lines, first.repeated, again.repeated) == (2, 1, 1)
    assert (verdict_of(row), open_differences()) == ("matched", [])


def test_the_same_file_again_changes_nothing():
    _, charge = charged()
    content = as_csv([line_of(charge)])
    [first] = import_file(gateway="sandbox", content=content, name="a.csv", by=new_id())
    [again] = import_file(gateway="sandbox", content=content, name="b.csv", by=new_id())
    assert (first.id, Statement.objects.count(), StatementEntry.objects.count()) == (again.id, 1, 1)


def test_row_32_a_second_line_for_one_charge_is_a_duplicate_and_freezes_payouts():
    _, charge = charged()
    first, second = line_of(charge), line_of(charge)
    bring(first, second)
    assert (verdict_of(first), verdict_of(second)) == ("matched", "duplicate")
    assert (open_differences(), queries.payouts_are_frozen()) == (["duplicate"], True)


def test_row_32_a_line_that_comes_back_with_another_amount_contradicts_and_the_first_stays():
    _, charge = charged()
    row = line_of(charge)
    bring(row)
    bring({**row, "amount": "15.01"})
    assert (verdict_of(row), open_differences()) == ("matched", ["contradicts"])
    assert StatementEntry.objects.get(line_id=row["line_id"]).amount == cedis(15)
    assert queries.payouts_are_frozen()


def test_row_32_a_difference_of_one_minor_unit_is_found_and_freezes_payouts():
    _, charge = charged()
    row = line_of(charge, charge.amount - Money(1, "GHS"))
    bring(row)
    difference = Difference.objects.get()
    assert (verdict_of(row), difference.kind) == ("amount_diff", "amount_diff")
    assert (difference.booked_minor, difference.stated_minor, difference.red) == (1500, 1499, True)
    with pytest.raises(PayoutsFrozen):
        ordered_payout(rich(cedis(100)), cedis(10))


def test_row_32_what_no_statement_shows_is_missing_there_once_its_time_is_up():
    _, charge = charged()
    bring(*covering(days=1))
    assert open_differences() == []
    bring(*covering(days=3))
    difference = Difference.objects.get()
    assert (difference.kind, difference.booked_minor, queries.payouts_are_frozen()) == ("missing_there", 1500, True)
    assert difference.transaction_id == queries.transaction_of(rules.charged("sandbox", charge.gateway_ref))


def test_row_32_the_missing_line_that_comes_late_is_said_to_be_late_and_payouts_go_on():
    _, charge = charged()
    bring(*covering(days=3))
    assert queries.payouts_are_frozen()
    row = line_of(charge, days=4)
    bring(row)
    assert (verdict_of(row), open_differences(), queries.payouts_are_frozen()) == ("late", ["late"], False)
    assert Difference.objects.get(kind="missing_there").outcome == "resolved"


def test_row_32_money_that_left_without_an_order_is_missing_here_and_freezes_payouts():
    row = line(cedis(-25), kind="payout", ref="po_nobodys")
    bring(row)
    assert (verdict_of(row), open_differences(), queries.payouts_are_frozen()) == (
        "missing_here",
        ["missing_here"],
        True,
    )
    assert balance("gw:sandbox:GHS") == 0


def test_money_that_came_unasked_goes_to_suspense_and_freezes_nothing():
    row = line(cedis(25), ref="ch_nobodys")
    bring(row)
    assert (verdict_of(row), balance("suspense:sandbox:GHS"), balance("gw:sandbox:GHS")) == ("suspended", 2500, -2500)
    assert (open_differences(), queries.payouts_are_frozen()) == ([], False)


def test_a_fee_is_booked_as_a_cost_once():
    row = line(cedis(-3), kind="fee")
    bring(row)
    reconcile(gateway="sandbox")
    assert (verdict_of(row), balance("platform:gateway_fee:GHS"), balance("gw:sandbox:GHS")) == ("booked", -300, 300)


def test_what_a_gateway_kept_of_a_charge_is_booked_beside_it_once():
    _, charge = charged()
    row = line_of(charge, fee="0.45")
    bring(row)
    judge(entry_id=StatementEntry.objects.get(line_id=row["line_id"]).id)
    bring(*covering(days=9))
    assert (verdict_of(row), balance("platform:gateway_fee:GHS")) == ("matched", -47)  # with two fees of a pesewa
    assert balance("gw:sandbox:GHS") == -1500 + 47
    assert open_differences() == []


def test_a_payout_and_its_return_have_a_line_each():
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    settle_command(command_id=command.id, outcome=Returned(facts=facts_of(command), code="AC04"))
    command.refresh_from_db()
    out, back = line_of(command), line_of(command, command.amount, days=3)
    bring(out, back)
    assert (verdict_of(out), verdict_of(back), state_of(payout), in_wallet(by.user_id)) == (
        "matched",
        "late",
        "returned",
        10000,
    )


def test_out_and_back_before_we_heard_of_either_explain_each_other():
    payout, command = ordered_payout(rich(cedis(100)), cedis(40))
    settle_command(command_id=command.id, outcome=Returned(facts=facts_of(command), code="AC04"))
    command.refresh_from_db()
    out, back = line_of(command), line_of(command, command.amount)
    bring(out, back)
    assert (verdict_of(out), verdict_of(back), open_differences()) == ("cancelled", "cancelled", [])
    assert state_of(payout) == "returned"


def test_a_charge_booked_in_suspense_because_it_was_refused_first_is_matched():
    _, command = ordered_deposit(somebody(), cedis(15))
    settle_command(command_id=command.id, outcome=Rejected(code="refused", facts=facts_of(command)))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    command.refresh_from_db()
    row = line_of(command)
    bring(row)
    assert (verdict_of(row), balance("suspense:sandbox:GHS")) == ("matched", 1500)


def test_a_line_whose_order_is_undecided_asks_the_gateway(provider):
    deposit, command = ordered_deposit(somebody(), cedis(15))
    made = provider.charge(command.id, amount=1500)
    row = line(cedis(15), ref=made["id"], order=str(command.id))
    bring(row)
    assert (verdict_of(row), state_of(deposit), in_wallet(deposit.user_id)) == ("matched", "succeeded", 1500)


def test_a_line_whose_gateway_does_not_answer_waits_and_is_judged_later(nobody_there):
    deposit, command = ordered_deposit(somebody(), cedis(15))
    row = line(cedis(15), ref="ch_1", order=str(command.id))
    bring(row)
    assert (verdict_of(row), open_differences()) == ("missing_here", ["missing_here"])
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, ref="ch_1")))
    reconcile(gateway="sandbox")
    assert (verdict_of(row), open_differences(), queries.payouts_are_frozen()) == ("matched", [], False)
    assert state_of(deposit) == "succeeded"


def test_staff_accept_a_difference_with_a_reason_and_it_stays_closed():
    charged()
    bring(*covering(days=3))
    difference = Difference.objects.get()
    with pytest.raises(ReasonMissing):
        differences.accept(difference_id=difference.id, ruling=ruling(" "))
    differences.accept(difference_id=difference.id, ruling=ruling("the bank confirmed it by letter"))
    reconcile(gateway="sandbox")
    assert (open_differences(), queries.payouts_are_frozen()) == ([], False)
    assert Decision.objects.get().kind == "difference.accept"


def test_staff_have_the_books_follow_the_statement_and_the_rest_waits_in_suspense():
    _, charge = charged()
    row = line_of(charge, cedis(14))
    bring(row)
    differences.book(difference_id=Difference.objects.get().id, ruling=ruling())
    reconcile(gateway="sandbox")
    assert (verdict_of(row), balance("gw:sandbox:GHS"), balance("suspense:sandbox:GHS")) == ("accepted", -1400, -100)
    bring(*covering(days=9))
    assert open_differences() == []


def test_money_that_left_can_be_booked_against_suspense():
    row = line(cedis(-25), kind="adjustment")
    bring(row)
    differences.book(difference_id=Difference.objects.get().id, ruling=ruling())
    bring(*covering(days=9))
    assert (balance("suspense:sandbox:GHS"), open_differences(), queries.payouts_are_frozen()) == (-2500, [], False)


def test_the_report_says_what_statements_and_books_say():
    _, charge = charged()
    bring(line_of(charge), line(cedis(5)))
    [account] = report()
    assert (account.gateway, account.currency, account.booked, account.verdicts) == (
        "sandbox",
        "GHS",
        cedis(20),
        {"matched": 1, "suspended": 1},
    )
    assert (account.stated, account.apart, account.differences) == (None, None, {})


def test_balances_of_a_statement_are_compared_with_the_books():
    content = "line_id;date;amount;currency;balance\na;2026-11-20;10.00;GHS;110.00\nb;2026-11-20;-1.00;GHS;109.00"
    import_file(gateway="sandbox", content=content.encode(), name="x", by=new_id())
    [account] = report()
    assert (account.stated, account.booked, account.apart) == (cedis(109), cedis(0), cedis(109))


def test_a_statement_of_another_account_is_refused():
    closing = "<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy='GHS'>1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
    account = "<Acct><Id><IBAN>GB33BUKB20201555555555</IBAN></Id><Ccy>GHS</Ccy></Acct>"
    stmt = f"<Stmt><Id>1</Id>{account}{closing}<Dt><Dt>2026-11-20</Dt></Dt></Bal></Stmt>"
    camt = f"<Document><BkToCstmrStmt>{stmt}</BkToCstmrStmt></Document>".encode()
    with pytest.raises(OthersStatement):
        import_file(gateway="sandbox", content=camt, name="x", by=new_id())


def test_what_is_no_statement_is_refused():
    for content in (b"", b"<html/>", b"a,b\n1,2", b"\xff\xfe", b"line_id,date,amount,currency\n1,2026-11-20,1.005,GHS"):
        with pytest.raises(StatementUnreadable):
            import_file(gateway="sandbox", content=content, name="x", by=new_id())


@pytest.mark.domain("payments", transaction=True)
def test_sixteen_imports_of_one_statement_at_once_keep_each_line_once(race):
    _, charge = charged()
    content = as_csv([line_of(charge), *covering(days=1)])
    race(lambda: import_file(gateway="sandbox", content=content, name="x", by=new_id()), 16)
    race(lambda: reconcile(gateway="sandbox"), 4)
    assert (StatementEntry.objects.count(), open_differences()) == (3, [])
    assert sorted(StatementEntry.objects.values_list("verdict", flat=True)) == ["booked", "booked", "matched"]
    assert balance("platform:gateway_fee:GHS") == -2


def test_two_lines_cannot_have_one_leg_even_by_hand():
    _, charge = charged()
    row, other = line_of(charge), line_of(charge)
    bring(row, other)
    taken = StatementEntry.objects.get(line_id=row["line_id"]).transaction_id
    with (
        pytest.raises(IntegrityError, match="statement_line_of_leg"),
        atomic("payments"),
        connections["payments"].cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE payments_statemententry SET transaction_id = %s WHERE line_id = %s", [taken, other["line_id"]]
        )


def test_what_was_booked_before_the_first_statement_is_not_looked_for(clock):
    charged()
    clock.advance(days=100)
    _, charge = charged()
    bring(line_of(charge), *covering(days=9))
    assert open_differences() == [], "statements begin with the first that was brought"
    assert actions.check_books() == 0


def test_the_sandboxs_own_statement_agrees_with_what_we_booked(provider):
    """Row 32: a charge, a payout and its return, asked for by API twice, leave nothing open."""
    deposit, charge = ordered_deposit(somebody(), cedis(15))
    payout, command = ordered_payout(rich(cedis(100)), cedis(40), account="acct_success")
    for each in (charge, command):
        actions.submit_command(command_id=each.id)
    assert (state_of(deposit), state_of(payout)) == ("succeeded", "paid")
    mine = {charge.id, command.id}
    for _ in range(2):
        fetch_statement(gateway="sandbox", day=clock.now().date())
    reconcile(gateway="sandbox")
    lines = StatementEntry.objects.filter(key__in=mine)
    assert sorted(lines.values_list("kind", "verdict")) == [("charge", "matched"), ("payout", "matched")]


def test_yesterdays_statements_are_not_asked_of_the_sandbox(nobody_there):
    assert fetch_statements() == 0


def test_a_refund_and_its_return_have_a_line_each():
    deposit, charge = charged()
    refund = refunds.request_refund(by=somebody(deposit.user_id), deposit_id=deposit.id)
    command = GatewayCommand.objects.get(kind="refund", subject_id=refund.id)
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    settle_command(command_id=command.id, outcome=Returned(facts=facts_of(command), code="account_closed"))
    command.refresh_from_db()
    rows = [line_of(charge), line_of(command, -command.amount), line_of(command, command.amount)]
    bring(*rows)
    assert ([verdict_of(row) for row in rows], open_differences()) == (["matched"] * 3, [])


def test_what_staff_undo_or_correct_by_hand_has_no_line_and_is_not_missed():
    by = rich(cedis(5))
    wallet = rules.available(by.user_id, "GHS")
    wrong = move("gw:sandbox:GHS", wallet, cedis(7), key="booked:by:mistake")
    with atomic("payments"):
        reversals.reverse(txn=wrong, reference={})
    bring(*covering(days=9))
    missing = Difference.objects.filter(kind="missing_there").values_list("transaction_id", flat=True)
    assert wrong not in missing
    assert len(missing) == 1, "what rich paid in, and nothing else"


def test_legs_that_were_missed_before_do_not_hide_those_that_are_missed_now():
    """Only so many are looked at in one go: what staff took note of would fill that up, for sixty days."""
    mirror, until = rules.gateway("sandbox", "GHS"), clock.now() + timedelta(days=1)
    for _ in range(3):
        charged()
    found = []
    for _ in range(3):
        [leg] = legs_without_line(mirror=mirror, since=clock.now() - timedelta(days=1), until=until, limit=1)
        found.append(leg.transaction_id)
        with atomic("payments"):
            open_difference(
                "sandbox",
                "missing_there",
                f"transaction:{leg.transaction_id}",
                currency="GHS",
                transaction_id=leg.transaction_id,
                booked_minor=leg.amount.minor,
            )
        if leg.transaction_id == found[0]:
            differences.accept(difference_id=Difference.objects.get().id, ruling=ruling())
    assert len(set(found)) == 3
