"""What a gateway said, carried into the books: whoever hears it first, by answer, webhook or janitor, decides."""

from uuid import UUID

import structlog

from domains.payments import queries, rules
from domains.payments.actions import deposits, gateway_fees, payouts, refunds
from domains.payments.gateways import (
    Facts,
    Outcome,
    Pending,
    Rejected,
    Returned,
    Succeeded,
    Unknown,
    gateway_named,
)
from domains.payments.models import GatewayCommand
from kelmah import clock
from kelmah.db import atomic
from kelmah.faultpoints import faultpoint
from kelmah.money import Money

log = structlog.get_logger(__name__)


def settle_command(*, command_id: UUID, outcome: Outcome) -> None:
    """Write down what became of an order and carry out its consequence, in one transaction; twice is once.

    Order-free: what comes late, repeated or after the end changes the books only by money that really moved.
    """
    with atomic("payments"):
        command = queries.lock_command(command_id)  # answer, webhook and janitor may come at once
        match outcome:
            case Succeeded(facts=facts):
                _succeeded(command, facts)
            case Returned(facts=facts, code=code):
                _returned(command, facts, code)
            case Rejected(code=code, facts=facts):
                _rejected(command, code, facts)
            case Pending() | Unknown():
                _wait(command, outcome)
        faultpoint("command.before_commit")


# Private functions


def _succeeded(command: GatewayCommand, facts: Facts) -> None:
    decided = command.state in rules.COMMAND.final
    if decided and command.gateway_ref == facts.ref and command.state != "rejected":
        gateway_fees.note_fee(command, facts)  # some know it later than that it succeeded
        return
    if decided:
        _unexpected(command, facts)
        return
    _finish(command, "succeed", ref=facts.ref)
    difference = _difference(command, facts, command.amount)
    if difference != "account_differs":
        gateway_fees.note_fee(command, facts)
    match command.kind:
        case "charge":
            deposits.credit_deposit(deposit_id=command.subject_id, facts=facts, difference=difference)
        case "payout":
            payouts.complete_payout(payout_id=command.subject_id, facts=facts, difference=difference)
        case "refund":
            refunds.complete_refund(refund_id=command.subject_id, facts=facts, difference=difference)


def _returned(command: GatewayCommand, facts: Facts, code: str) -> None:
    if command.state == "returned":
        return
    another = command.state == "succeeded" and command.gateway_ref != facts.ref
    contradicts = another or command.kind == "charge" or command.state == "rejected"
    if contradicts or _difference(command, facts, _gone_for(command)):
        log.critical("return_contradicts", command_id=str(command.id), ref=facts.ref)
        return
    _finish(command, "return", ref=facts.ref, error=code)
    if command.kind == "payout":
        payouts.return_payout(payout_id=command.subject_id, reason=code)
    else:
        refunds.return_refund(refund_id=command.subject_id, reason=code)


def _rejected(command: GatewayCommand, code: str, facts: Facts | None) -> None:
    if command.state == "succeeded":
        log.critical("rejection_contradicts", command_id=str(command.id), code=code)
    if command.state in rules.COMMAND.final:
        return
    _finish(command, "reject", ref=facts.ref if facts else "", error=code)
    match command.kind:
        case "charge":
            deposits.fail_deposit(deposit_id=command.subject_id, reason=code)
        case "payout":
            payouts.fail_payout(payout_id=command.subject_id, reason=code)
        case "refund":
            refunds.fail_refund(refund_id=command.subject_id, reason=code)


def _unexpected(command: GatewayCommand, facts: Facts) -> None:
    """Money moved though we had closed the matter: a second object for one order, or success after a refusal."""
    log.critical("money_moved_unexpectedly", command_id=str(command.id), ref=facts.ref, kind=command.kind)
    if _difference(command, facts, command.amount) == "account_differs":
        return
    gateway_fees.note_fee(command, facts)
    if command.kind == "charge":
        late = command.state == "rejected"
        if late:
            command.gateway_ref = facts.ref
            command.save(update_fields=["gateway_ref"])
        deposits.suspend_unexpected(deposit_id=command.subject_id, facts=facts, late=late)
    elif command.kind == "payout":
        payouts.book_unexpected(payout_id=command.subject_id, facts=facts)
    else:
        refunds.book_unexpected(refund_id=command.subject_id, facts=facts)


def _gone_for(command: GatewayCommand) -> Money:
    """What left for it, or will: as ordered, and once it is done as it was booked, which may differ."""
    if command.state != "succeeded":
        return command.amount
    mirror = rules.gateway(command.gateway, command.currency)
    return queries.amount_posted(f"{command.kind}:{command.subject_id}:settle", mirror, command.currency)


def _difference(command: GatewayCommand, facts: Facts, amount: Money) -> str:
    """What about the facts is not as it should be; empty when all is well."""
    ours = gateway_named(command.gateway).capabilities
    if (facts.account, facts.live) != (ours.account, ours.live):
        return "account_differs"
    return "" if facts.amount == amount else "amount_differs"


def _finish(command: GatewayCommand, step: str, *, ref: str, error: str = "") -> None:
    command.state = rules.COMMAND.check(step, command.state)
    command.gateway_ref, command.last_error, command.next_action = ref or command.gateway_ref, error, None
    command.save(update_fields=["state", "gateway_ref", "last_error", "next_action"])


def _wait(command: GatewayCommand, outcome: Pending | Unknown) -> None:
    if command.state == "new" or command.state in rules.COMMAND.final:
        return  # a webhook may speak of what we have not marked as sent yet: sending it will tell
    if isinstance(outcome, Pending):
        command.state, command.gateway_ref = rules.COMMAND.check("wait", command.state), outcome.facts.ref
        command.last_error = ""
        if outcome.next_action:  # said once by some providers: it stands until the order is decided
            command.next_action = {"kind": outcome.next_action.kind, **outcome.next_action.data}
    else:
        command.state, command.last_error = rules.COMMAND.check("lose_sight", command.state), outcome.reason
        log.warning("command_unknown", command_id=str(command.id), gateway=command.gateway, reason=outcome.reason)
    command.attempts += 1
    command.next_at = clock.now() + rules.wait_before(command.attempts)
    command.save(update_fields=["state", "gateway_ref", "last_error", "next_action", "attempts", "next_at"])
