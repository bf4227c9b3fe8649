"""What payments forgets of somebody, what it never forgets, and what stands against it."""

import pytest

from domains.payments import actions, tasks
from domains.payments.actions import disputes, holds, journals, privacy
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Rejected, Succeeded
from domains.payments.models import Escrow, GatewayCommand, LedgerEntry, LedgerTransaction, Payout
from domains.payments.queries.statements import statement_page
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import PersonAnswered
from kelmah.interfaces.payments.types import MoneyLine
from kelmah.interfaces.privacy import ERASED, Asked
from tests.payments.factories import (
    cedis,
    facts_of,
    funded_escrow,
    in_wallet,
    new_plan,
    ordered_deposit,
    ordered_payout,
    rich,
    somebody,
)

pytestmark = pytest.mark.domain("payments")


def answer_to(published, user_id, step="erase") -> PersonAnswered:
    privacy.answer(Asked(request_id=new_id(), user_id=user_id, step=step))
    return published.of(PersonAnswered)[-1]


def reasons(answer) -> list[str]:
    return [hold.reason for hold in answer.holds]


def test_money_in_a_wallet_stands_against_it(published):
    by = rich(cedis(10))
    assert reasons(answer_to(published, by.user_id, "check")) == ["money_in_wallet"]
    assert reasons(answer_to(published, by.user_id)) == ["money_in_wallet"]


def test_money_on_its_way_stands_against_it(published):
    by = somebody()
    ordered_deposit(by, cedis(10))
    assert reasons(answer_to(published, by.user_id, "check")) == ["money_on_its_way"]


def test_protected_funds_stand_against_it_on_both_sides(published):
    escrow = funded_escrow()
    for user_id in (escrow.hirer_id, escrow.worker_id):
        assert "protected_funds" in reasons(answer_to(published, user_id, "check"))


def test_the_books_stay_and_the_words_go(published):
    by = rich(cedis(100))
    _, command = ordered_payout(by, cedis(100), account="acct_success")
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    entries, orders = LedgerEntry.objects.count(), GatewayCommand.objects.count()
    answer = answer_to(published, by.user_id)
    assert answer.holds == []
    assert Payout.objects.get().destination == ERASED
    assert set(GatewayCommand.objects.values_list("instrument", flat=True)) == {ERASED}
    assert (LedgerEntry.objects.count(), GatewayCommand.objects.count()) == (entries, orders)
    assert answer_to(published, by.user_id).counts == {}


def test_the_ledger_holds_no_words_and_the_statement_has_them():
    escrow = funded_escrow(title="The house of Ama Mensah")
    for posted in LedgerTransaction.objects.all():
        assert "Ama Mensah" not in str(posted.reference)
    lines, _ = statement_page(user_id=escrow.hirer_id, currency="GHS", before=None, limit=10)
    assert "The house of Ama Mensah" in lines.decode()


def test_titles_of_a_hirer_go():
    escrow = funded_escrow(title="The house of Ama Mensah")
    privacy._erase(escrow.hirer_id)
    assert Escrow.objects.get(pk=escrow.pk).title == ERASED


def test_row_35_money_in_every_kind_of_account_stands_against_an_erasure_and_can_all_be_had(published, clock):
    """Row 35: somebody leaves with money on its way in, protected, disputed, waiting, reserved, on its way out."""
    worker, hirer = rich(cedis(40)).user_id, new_id()
    new_plan(pending_hours=120)
    work = {"worker_id": worker, "hirer_id": hirer}
    released, held, disputed = (funded_escrow(**work).milestone_id for _ in range(3))
    actions.release_escrow(milestone_id=released)
    disputes.freeze(dispute_id=released, milestone_id=disputed)
    ride = holds.Wanted(
        key="ride", payer_id=worker, amount=cedis(5), purpose="fare", source="rides.ride:1", expires_at=None
    )
    holds.hold(ride)
    kept = [MoneyLine(owner=f"user:{worker}", purpose=purpose, amount=amount)
            for purpose, amount in (("available", -cedis(6)), ("deposit", cedis(6)))]  # fmt: skip
    journals.post_lines(key="deposit", source="fleet.fleet:1", purpose="deposit", lines=kept)
    _, order = ordered_payout(somebody(worker), cedis(10))
    answer = answer_to(published, worker)
    assert {hold.reason: hold.count for hold in answer.holds} == {
        "money_in_wallet": 3, "money_on_its_way": 1, "protected_funds": 3,
    }  # fmt: skip
    # Whoever left or is banned: each sum ends in the wallet, by the clock, a decision, or the gateway's word.
    disputes.decide(dispute_id=released, to_worker=cedis(1250))
    actions.release_escrow(milestone_id=held)
    holds.release(key="ride")
    journals.post_lines(
        key="back", source="fleet.fleet:1", purpose="deposit",
        lines=[MoneyLine(owner=line.owner, purpose=line.purpose, amount=-line.amount) for line in kept],
    )  # fmt: skip
    settle_command(command_id=order.id, outcome=Rejected(code="refused"))
    clock.advance(days=6)
    tasks.run_deadlines()
    assert in_wallet(worker) == 4000 + 3 * 112500
    assert reasons(answer_to(published, worker)) == ["money_in_wallet"]
    _, last = ordered_payout(somebody(worker), cedis(3415))
    settle_command(command_id=last.id, outcome=Succeeded(facts=facts_of(last)))
    assert reasons(answer_to(published, worker)) == []
