"""What operators type about orders, and how they bring about what they want to rehearse."""

import io
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from domains.payments import actions
from domains.payments.gateways import sandbox
from domains.payments.models import Decision, Escrow, GatewayCommand, Payout
from kelmah.ids import new_id
from tests.payments.factories import cedis, in_wallet, ordered_deposit, ordered_payout, rich, ruling, somebody, state_of

pytestmark = pytest.mark.domain("payments")


def typed(*words: object) -> list[str]:
    """What a command says, line by line."""
    said = io.StringIO()
    call_command(*(str(word) for word in words), stdout=said)
    return said.getvalue().splitlines()


def test_the_list_names_what_is_undecided_oldest_first(nobody_there, clock):
    settled = rich(cedis(100))
    _, first = ordered_deposit(somebody(), cedis(15))
    clock.advance(hours=1)
    _, second = ordered_payout(settled, cedis(40))
    actions.submit_command(command_id=second.id)
    lines = typed("orders", "list")
    assert [str(first.id) in lines[0], str(second.id) in lines[1], len(lines)] == [True, True, 2]
    assert "new" in lines[0].split()
    assert {"payout", "40.00", "unknown", "ConnectError"} <= set(lines[1].split())


def test_asking_follows_an_order_to_its_end(provider):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    GatewayCommand.objects.filter(id=command.id).update(state="unknown", sent_at=command.created_at)
    provider.charge(command.id, amount=1500)
    [line] = typed("orders", "ask", command.id)
    assert ("succeeded" in line.split(), state_of(deposit), in_wallet(by.user_id)) == (True, "succeeded", 1500)
    with pytest.raises(CommandError, match="not_found"):
        typed("orders", "ask", new_id())


def test_an_order_is_given_up_with_a_name_and_a_reason_and_only_when_nobody_can_know_it(provider, clock):
    by, staff = rich(cedis(100)), new_id()
    payout, command = ordered_payout(by, cedis(40))
    GatewayCommand.objects.filter(id=command.id).update(state="unknown", sent_at=command.created_at)
    words = ("orders", "give-up", command.id, "--by", staff, "--reason", "not on the statement")
    with pytest.raises(CommandError, match="still_uncertain"):
        typed(*words)
    clock.advance(hours=25)
    [line] = typed(*words)
    decision = Decision.objects.get(kind="command.give_up")
    assert ("rejected" in line.split(), state_of(payout), in_wallet(by.user_id)) == (True, "failed", 10000)
    assert (decision.by, decision.reason) == (staff, "not on the statement")


def test_a_payout_of_long_ago_that_its_gateway_denies_is_rehearsed(provider, drain):
    [order_id] = typed("rehearse", "lost-payout")
    drain()  # it is not sent: its key may be forgotten
    command = GatewayCommand.objects.get(id=UUID(order_id))
    assert (command.state, provider.payouts(command.id)) == ("unknown", [])
    actions.follow_command(command_id=command.id)
    command.refresh_from_db()
    assert (command.state, provider.payouts(command.id)) == ("unknown", [])
    actions.give_up_command(command_id=command.id, ruling=ruling())
    assert state_of(Payout.objects.get()) == "failed"


@pytest.fixture
def mended(provider):
    """Whatever a test makes go wrong at the provider, for the next one it does not."""
    yield
    sandbox.control("DELETE", "faults")


def test_a_gateway_that_is_down_is_rehearsed_and_comes_back(provider, mended, clock):
    [ids] = typed("rehearse", "gateway-down")
    orders = GatewayCommand.objects.filter(id__in=ids.split())
    assert sorted(orders.values_list("kind", "state")) == [("charge", "unknown"), ("payout", "unknown")]
    typed("orders", "ask", *ids.split())
    assert set(orders.values_list("state", flat=True)) == {"unknown"}
    sandbox.control("DELETE", "faults")
    clock.advance(hours=1)
    actions.resolve_commands()
    assert set(orders.values_list("state", flat=True)) == {"succeeded"}


def test_an_unanswered_payment_and_protected_funds_are_rehearsed(provider, impatient):
    [order_id] = typed("rehearse", "unknown-payment")
    assert len(provider.charges(UUID(order_id))) == 1
    [line] = typed("orders", "ask", order_id)
    assert "succeeded" in line.split()
    [milestone_id] = typed("rehearse", "protected-funds")
    assert state_of(Escrow.objects.get(milestone_id=milestone_id)) == "funded"


@pytest.mark.parametrize("missing", ["DEMO_ALLOWED", "SANDBOX_GATEWAY_ALLOWED"])
def test_beside_real_money_nothing_is_rehearsed(settings, missing):
    setattr(settings, missing, False)
    with pytest.raises(CommandError, match="never beside real money"):
        call_command("rehearse", "gateway-down")
    assert not GatewayCommand.objects.exists()
