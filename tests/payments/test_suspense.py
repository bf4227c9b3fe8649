"""The suspense desk: what nobody can explain is one line each, and takes two of the staff to settle."""

import pytest
from django.db import IntegrityError, connections

from domains.payments import actions
from domains.payments.actions import Ruling, privacy, suspense
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Rejected, Succeeded
from domains.payments.models import Decision, GatewayCommand, Suspended, SuspenseRuling
from domains.payments.rules.errors import DecideThere, FourEyes, NoSuchWallet, NothingSuspended, ReasonMissing
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import PaymentSucceeded
from tests.payments.factories import balance, cedis, facts_of, in_wallet, ordered_deposit, rich, ruling, somebody
from tests.payments.statements import bring, line

pytestmark = pytest.mark.domain("payments")


def unasked(amount=25) -> Suspended:
    """Money that a statement told of and nobody had ordered."""
    row = line(cedis(amount), ref="ch_nobodys")
    bring(row)
    return Suspended.objects.get(subject=f"line:{row['line_id']}")


def test_what_came_unasked_is_an_item_with_its_gateway_and_amount():
    item = unasked()
    assert (item.gateway, item.amount, item.legs) == ("sandbox", cedis(25), 1)
    assert item.id == f"suspense:sandbox:GHS {item.subject}"


def test_two_of_the_staff_credit_it_to_whom_it_belongs(published):
    by, item = rich(cedis(1)), unasked()
    proposal = suspense.propose(item=item.id, credit_to=by.user_id, ruling=ruling())
    assert in_wallet(by.user_id) == 100
    suspense.carry_out(proposal_id=proposal.id, ruling=ruling())
    assert (in_wallet(by.user_id), balance("suspense:sandbox:GHS"), Suspended.objects.count()) == (2600, 0, 0)
    assert [event.amount for event in published.of(PaymentSucceeded)] == [cedis(1), cedis(25)]
    assert list(Decision.objects.order_by("id").values_list("kind", flat=True)) == [
        "suspense.propose",
        "suspense.carry_out",
    ]


def test_nobody_carries_out_what_they_proposed():
    by, item, why = rich(cedis(1)), unasked(), ruling()
    proposal = suspense.propose(item=item.id, credit_to=by.user_id, ruling=why)
    with pytest.raises(FourEyes):
        suspense.carry_out(proposal_id=proposal.id, ruling=Ruling(by=why.by, reason="again"))
    assert in_wallet(by.user_id) == 100
    with (
        pytest.raises(IntegrityError, match="suspense_ruling_four_eyes"),
        atomic("payments"),
        connections["payments"].cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE payments_suspenseruling SET state = 'carried_out', decided_by = proposed_by, decided_at = now()"
        )


def test_it_can_be_the_platforms_to_keep():
    item = unasked()
    proposal = suspense.propose(item=item.id, credit_to=None, ruling=ruling())
    suspense.carry_out(proposal_id=proposal.id, ruling=ruling())
    assert (balance("suspense:sandbox:GHS"), balance("platform:loss:GHS")) == (0, 2500)


def test_money_that_is_missing_is_the_platforms_loss_and_credited_to_nobody():
    by = rich(cedis(100))
    payout = actions.request_payout(by=by, amount=cedis(40), gateway="sandbox", destination="acct_success")
    command = GatewayCommand.objects.get(subject_id=payout.id)
    settle_command(command_id=command.id, outcome=Rejected(code="refused", facts=facts_of(command)))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    item = Suspended.objects.get(subject=f"payout:{payout.id}")
    assert item.amount == cedis(-40)
    with pytest.raises(NothingSuspended):
        suspense.propose(item=item.id, credit_to=by.user_id, ruling=ruling())
    proposal = suspense.propose(item=item.id, credit_to=None, ruling=ruling())
    suspense.carry_out(proposal_id=proposal.id, ruling=ruling())
    assert (balance("suspense:sandbox:GHS"), balance("platform:loss:GHS")) == (0, -4000)


def test_what_a_deposit_in_review_waits_with_is_decided_there_and_after_its_dismissal_here():
    by = rich(cedis(1))
    deposit, command = ordered_deposit(by, cedis(15))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, amount=cedis(14))))
    item = Suspended.objects.get(subject=f"deposit:{deposit.id}")
    with pytest.raises(DecideThere):
        suspense.propose(item=item.id, credit_to=by.user_id, ruling=ruling())
    actions.dismiss_deposit(deposit_id=deposit.id, ruling=ruling())
    proposal = suspense.propose(item=item.id, credit_to=by.user_id, ruling=ruling())
    suspense.carry_out(proposal_id=proposal.id, ruling=ruling())
    assert (in_wallet(by.user_id), Suspended.objects.count()) == (1500, 0)


def test_an_accepted_deposit_leaves_nothing_in_suspense():
    deposit, command = ordered_deposit(somebody(), cedis(15))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, amount=cedis(14))))
    actions.accept_deposit(deposit_id=deposit.id, ruling=ruling())
    assert Suspended.objects.count() == 0


def test_a_proposal_is_void_once_the_amount_has_changed():
    deposit, command = ordered_deposit(somebody(), cedis(15))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, ref="ch_second")))
    item = Suspended.objects.get(subject=f"deposit:{deposit.id}")
    proposal = suspense.propose(item=item.id, credit_to=None, ruling=ruling())
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, ref="ch_third")))
    with pytest.raises(NothingSuspended):
        suspense.carry_out(proposal_id=proposal.id, ruling=ruling())
    assert balance("suspense:sandbox:GHS") == 3000


def test_one_proposal_at_a_time_and_a_withdrawn_one_makes_room():
    item = unasked()
    first = suspense.propose(item=item.id, credit_to=None, ruling=ruling())
    with pytest.raises(NothingSuspended):
        suspense.propose(item=item.id, credit_to=None, ruling=ruling())
    suspense.withdraw(proposal_id=first.id, ruling=ruling())
    with pytest.raises(NotFound):
        suspense.carry_out(proposal_id=first.id, ruling=ruling())
    suspense.propose(item=item.id, credit_to=None, ruling=ruling())
    assert SuspenseRuling.objects.count() == 2


def test_a_reason_a_wallet_and_an_item_are_needed():
    item = unasked()
    with pytest.raises(ReasonMissing):
        suspense.propose(item=item.id, credit_to=None, ruling=ruling(" "))
    with pytest.raises(NoSuchWallet):
        suspense.propose(item=item.id, credit_to=new_id(), ruling=ruling())
    with pytest.raises(NotFound):
        suspense.propose(item="suspense:sandbox:GHS line:nothing", credit_to=None, ruling=ruling())


@pytest.mark.domain("payments", transaction=True)
def test_eight_of_the_staff_at_once_carry_it_out_once(race):
    by, item = rich(cedis(1)), unasked()
    proposal = suspense.propose(item=item.id, credit_to=by.user_id, ruling=ruling())
    results = race(lambda: suspense.carry_out(proposal_id=proposal.id, ruling=ruling()), 8)
    assert sorted(type(result).__name__ for result in results) == ["NoneType"] + ["NotFound"] * 7
    assert (in_wallet(by.user_id), balance("suspense:sandbox:GHS")) == (2600, 0)


def test_whose_it_was_is_forgotten_in_words_when_they_are_erased():
    by, item = rich(cedis(1)), unasked()
    proposal = suspense.propose(
        item=item.id, credit_to=by.user_id, ruling=ruling("Ama Serwaa named it in the transfer")
    )
    assert privacy._erase(by.user_id)["explanations"] == 1
    proposal.refresh_from_db()
    assert "Ama" not in proposal.reason
    assert "Ama" not in Decision.objects.get().reason
