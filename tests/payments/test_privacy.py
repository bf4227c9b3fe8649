"""What payments forgets of somebody, what it never forgets, and what stands against it."""

import pytest

from domains.payments.actions import privacy
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Succeeded
from domains.payments.models import Escrow, GatewayCommand, LedgerEntry, LedgerTransaction, Payout
from domains.payments.queries.statements import statement_page
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import PersonAnswered
from kelmah.interfaces.privacy import ERASED, Asked
from tests.payments.factories import cedis, facts_of, funded_escrow, ordered_deposit, ordered_payout, rich, somebody

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
