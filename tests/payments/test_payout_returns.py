"""Row 25: payouts that come back, from every state, straight away or days later: the money is there again, once."""

import pytest

from domains.payments import queries, rules
from domains.payments.actions import payouts, privacy
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Outcome, Pending, Rejected, Returned, Succeeded, Unknown
from domains.payments.models import GatewayCommand, LedgerTransaction
from kelmah.errors import InvalidTransition
from kelmah.interfaces.payments.events import PayoutFailed, PayoutPaid
from tests.payments.factories import balance, cedis, facts_of, in_wallet, ordered_payout, rich, ruling, state_of
from tests.payments.test_payout_methods import usable

pytestmark = pytest.mark.domain("payments")


def outcome(command: GatewayCommand, word: str) -> Outcome:
    facts = facts_of(command)
    return {
        "pending": Pending(facts=facts),
        "unknown": Unknown(reason="ReadTimeout"),
        "paid": Succeeded(facts=facts),
        "refused": Rejected(code="refused", facts=facts),
        "returned": Returned(facts=facts, code="account_closed"),
    }[word]


@pytest.mark.parametrize(
    ("before", "end"),
    [
        ((), "returned"),  # reversed before anybody heard that it was paid
        (("pending",), "returned"),
        (("unknown",), "returned"),
        (("unknown", "pending"), "returned"),
        (("paid",), "returned"),
        (("pending", "paid"), "returned"),
        (("unknown", "paid"), "returned"),
        (("refused",), "failed"),  # its money is back already
    ],
)
@pytest.mark.parametrize("days", [0, 5])
@pytest.mark.parametrize("times", [1, 3])
def test_from_every_state_the_money_is_back_once(clock, published, before, end, days, times):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    for word in before:
        settle_command(command_id=command.id, outcome=outcome(command, word))
    clock.advance(days=days)
    for _ in range(times):
        settle_command(command_id=command.id, outcome=outcome(command, "returned"))
    assert (state_of(payout), in_wallet(by.user_id)) == (end, 10000)
    assert queries.balance_of(rules.payout_hold(payout.id), "GHS").minor == 0
    assert queries.balance_of(rules.gateway("sandbox", "GHS"), "GHS").minor == -10000
    told = [len(published.of(event)) for event in (PayoutPaid, PayoutFailed)]
    assert told == [1 if "paid" in before else 0, 1]


@pytest.mark.parametrize("accepted", [False, True])
def test_what_differed_and_came_back_is_undone_whole(accepted):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    less = facts_of(command, amount=cedis(39))
    settle_command(command_id=command.id, outcome=Succeeded(facts=less))
    assert (state_of(payout), balance("suspense:sandbox:GHS")) == ("in_review", 100)
    if accepted:
        payouts.accept_payout(payout_id=payout.id, ruling=ruling())
    contradiction = Returned(facts=facts_of(command), code="account_closed")  # never did forty leave
    settle_command(command_id=command.id, outcome=contradiction)
    assert in_wallet(by.user_id) == 6000
    for _ in range(2):
        settle_command(command_id=command.id, outcome=Returned(facts=less, code="account_closed"))
    assert (state_of(payout), in_wallet(by.user_id)) == ("returned", 10000)
    assert (balance("suspense:sandbox:GHS"), balance("gw:sandbox:GHS")) == (0, -10000)


def test_the_return_of_what_was_paid_reverses_its_posting(clock):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    settle_command(command_id=command.id, outcome=outcome(command, "paid"))
    clock.advance(days=5)
    settle_command(command_id=command.id, outcome=outcome(command, "returned"))
    back = LedgerTransaction.objects.get(idem=f"payout:{payout.id}:returned")
    assert back.reverses == LedgerTransaction.objects.get(idem=f"payout:{payout.id}:settle")
    assert (back.event_at - back.reverses.event_at).days == 5


def test_what_came_back_from_a_method_can_go_out_again_days_later(clock, provider, drain):
    by = rich(cedis(100))
    method = usable(by, clock, "acct_returned")
    first = payouts.request_payout_to(by=by, amount=cedis(100), method_id=method.id)
    drain()
    command = GatewayCommand.objects.get(subject_id=first.id)
    settle_command(command_id=command.id, outcome=Returned(facts=_real(provider, command), code="account_closed"))
    assert (state_of(first), in_wallet(by.user_id)) == ("returned", 10000)
    clock.advance(days=5)
    second = payouts.request_payout_to(by=by, amount=cedis(100), method_id=method.id)
    assert (state_of(second), in_wallet(by.user_id)) == ("processing", 0)


def _real(provider, command: GatewayCommand):
    [made] = provider.payouts(command.id)
    return facts_of(command, ref=made["id"])


def test_a_return_after_erasure_is_theirs_all_the_same(clock):
    """Row 35: the wallet is by id; what came back stands in it, and against forgetting it once more."""
    by = rich(cedis(40))
    payout, command = ordered_payout(by, cedis(40))
    settle_command(command_id=command.id, outcome=outcome(command, "paid"))
    privacy._erase(by.user_id)
    clock.advance(days=5)
    settle_command(command_id=command.id, outcome=outcome(command, "returned"))
    assert (state_of(payout), in_wallet(by.user_id)) == ("returned", 4000)
    assert "money_in_wallet" in {hold.reason for hold in privacy.holds_on(by.user_id) if hold.count}


@pytest.mark.domain("payments", transaction=True)
@pytest.mark.in_process
@pytest.mark.parametrize("before", [(), ("paid",)])
def test_a_return_heard_by_eight_at_once_is_one(race, before):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    for word in before:
        settle_command(command_id=command.id, outcome=outcome(command, word))
    heard = race(lambda: settle_command(command_id=command.id, outcome=outcome(command, "returned")), 8)
    assert heard == [None] * 8
    assert (state_of(payout), in_wallet(by.user_id)) == ("returned", 10000)


@pytest.mark.domain("payments", transaction=True)
@pytest.mark.in_process
def test_paid_and_returned_heard_at_once_leave_the_same_books(race):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    words = ["paid", "returned", "paid", "returned", "pending", "returned"]
    race([lambda word=word: settle_command(command_id=command.id, outcome=outcome(command, word)) for word in words])
    assert (state_of(payout), in_wallet(by.user_id)) == ("returned", 10000)


@pytest.mark.domain("payments", transaction=True)
@pytest.mark.in_process
def test_a_return_of_what_is_looked_at_while_staff_accepts_it_is_one(race):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    less = facts_of(command, amount=cedis(39))
    settle_command(command_id=command.id, outcome=Succeeded(facts=less))
    back = Returned(facts=less, code="account_closed")
    returns = [lambda: settle_command(command_id=command.id, outcome=back)] * 6
    accepts = [lambda: payouts.accept_payout(payout_id=payout.id, ruling=ruling())] * 2
    heard = race([*returns, *accepts])
    assert heard[:6] == [None] * 6
    assert all(result is None or isinstance(result, InvalidTransition) for result in heard[6:])
    assert (state_of(payout), in_wallet(by.user_id), balance("suspense:sandbox:GHS")) == ("returned", 10000, 0)
