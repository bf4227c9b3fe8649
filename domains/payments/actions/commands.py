"""Orders to gateways: stored, sent, and followed until their outcome is known."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from domains.payments import queries, rules
from domains.payments.actions.deposits import credit_deposit, fail_deposit
from domains.payments.actions.payouts import complete_payout, fail_payout
from domains.payments.gateways import Order, Outcome, Pending, Rejected, Succeeded, gateway_named
from domains.payments.models import GatewayCommand
from kelmah import clock
from kelmah.db import atomic
from kelmah.faultpoints import faultpoint

log = structlog.get_logger(__name__)

SENT_LONG_AGO: Final = timedelta(seconds=30)  # a sender that has said nothing for so long is dead
SAME_KEY_FOR: Final = timedelta(hours=24)  # gateways forget keys after a day


def submit_command(*, command_id: UUID) -> None:
    """Send a command that was never sent, or whose sender is gone; the network call is outside every transaction."""
    with atomic("payments"):
        command = queries.lock_command(command_id)  # two workers must not both think that they are the first
        if command.state not in ("new", "unknown") and not _abandoned(command):
            return
        command.state = rules.COMMAND.check("send", command.state)
        command.attempts += 1
        command.next_at = clock.now() + SENT_LONG_AGO
        command.save(update_fields=["state", "attempts", "next_at"])
    faultpoint("command.before_call")
    outcome = gateway_named(command.gateway).submit(_order(command))
    faultpoint("command.after_call")
    settle_command(command_id=command_id, outcome=outcome)


def follow_command(*, command_id: UUID) -> None:
    """Ask what became of a command; send it again, under the same key, if the gateway never saw it."""
    command = GatewayCommand.objects.get(id=command_id)
    outcome = gateway_named(command.gateway).query(_order(command))
    absent = getattr(outcome, "absent", False)
    if absent and command.state != "pending" and clock.now() < command.created_at + SAME_KEY_FOR:
        submit_command(command_id=command_id)
    else:
        settle_command(command_id=command_id, outcome=outcome)


def resolve_commands(*, limit: int = 50) -> int:
    """The janitor: whatever is due and not yet decided is sent or asked about; returns how many were looked at."""
    due = list(
        GatewayCommand.objects.exclude(state__in=["succeeded", "rejected"])
        .filter(next_at__lte=clock.now())
        .order_by("next_at")[:limit]
    )
    for command in due:
        if command.state == "new":
            submit_command(command_id=command.id)
        else:
            follow_command(command_id=command.id)
    return len(due)


def settle_command(*, command_id: UUID, outcome: Outcome) -> None:
    """Write down what became of a command and carry out its consequence, in one transaction; twice is once.

    Whoever comes first with a final outcome decides: the answer to the call, a webhook, or the janitor.
    """
    with atomic("payments"):
        command = queries.lock_command(command_id)
        if command.state in ("succeeded", "rejected"):
            return
        if isinstance(outcome, Succeeded):
            _finish(command, "succeed", ref=outcome.ref)
            if command.kind == "charge":
                credit_deposit(deposit_id=command.subject_id, received=outcome.amount)
            else:
                complete_payout(payout_id=command.subject_id)
        elif isinstance(outcome, Rejected):
            _finish(command, "reject", ref=outcome.ref, error=outcome.code)
            fail = fail_deposit if command.kind == "charge" else fail_payout
            fail(**{_subject(command): command.subject_id}, reason=outcome.code)
        elif command.state != "new":  # a webhook may speak of what we have not sent yet: sending it will tell
            _wait(command, outcome)


# Private functions


def _order(command: GatewayCommand) -> Order:
    return Order(key=command.id, kind=command.kind, amount=command.amount, instrument=command.instrument)


def _subject(command: GatewayCommand) -> str:
    return "deposit_id" if command.kind == "charge" else "payout_id"


def _abandoned(command: GatewayCommand) -> bool:
    return command.state == "sent" and command.next_at <= clock.now()


def _finish(command: GatewayCommand, step: str, *, ref: str, error: str = "") -> None:
    command.state = rules.COMMAND.check(step, command.state)
    command.gateway_ref, command.last_error = ref or command.gateway_ref, error
    command.save(update_fields=["state", "gateway_ref", "last_error"])


def _wait(command: GatewayCommand, outcome: Outcome) -> None:
    if isinstance(outcome, Pending):
        command.state, command.gateway_ref = rules.COMMAND.check("wait", command.state), outcome.ref
    elif command.state != "unknown":
        command.state = rules.COMMAND.check("lose_sight", command.state)
    command.last_error = "" if isinstance(outcome, Pending) else outcome.reason  # type: ignore[union-attr]
    command.attempts += 1
    command.next_at = clock.now() + rules.wait_before(command.attempts)
    command.save(update_fields=["state", "gateway_ref", "last_error", "attempts", "next_at"])
    if command.state == "unknown":
        log.warning("command_unknown", command_id=str(command.id), gateway=command.gateway, reason=command.last_error)
