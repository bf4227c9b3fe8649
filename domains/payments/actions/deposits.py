"""Money from a gateway into a wallet."""

from uuid import UUID

import structlog

from domains.payments import rules
from domains.payments.actions.ledger import Line, post
from domains.payments.models import Deposit, GatewayCommand
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import enqueue, publish
from kelmah.interfaces.payments.events import PaymentFailed, PaymentSucceeded
from kelmah.money import Money
from kelmah.principal import Principal

log = structlog.get_logger(__name__)


def request_deposit(*, by: Principal, amount: Money, gateway: str, instrument: str) -> Deposit:
    """Ask a gateway for the user's money. The order is stored here and sent after the commit."""
    with atomic("payments"):
        now = clock.now()
        deposit = Deposit.objects.create(
            user_id=by.user_id,
            amount_minor=amount.minor,
            currency=amount.currency,
            gateway=gateway,
            created_at=now,
        )
        command = GatewayCommand.objects.create(
            gateway=gateway,
            kind="charge",
            subject_id=deposit.id,
            amount_minor=amount.minor,
            currency=amount.currency,
            instrument=instrument,
            next_at=now,
            created_at=now,
        )
        enqueue("payments.submit_command", command_id=str(command.id))
    return deposit


def credit_deposit(*, deposit_id: UUID, received: Money) -> None:
    """The gateway has the money. Inside the transaction that settles the command; twice is once.

    What differs from what was asked for goes to suspense, and nobody is credited.
    """
    deposit = Deposit.objects.select_for_update().get(id=deposit_id)  # a webhook and a poll may both come with it
    if deposit.state != "processing":
        return
    reference = {"deposit_id": str(deposit.id)}
    source = rules.gateway(deposit.gateway, received.currency)
    if received != deposit.amount:
        suspense = rules.suspense(deposit.gateway, received.currency)
        lines = [Line(source, -received), Line(suspense, received)]
        post(key=f"deposit:{deposit.id}:suspense", kind="suspense", lines=lines, reference=reference)
        log.error("deposit_amount_differs", deposit_id=str(deposit.id), gateway=deposit.gateway)
        _settle(deposit, "question", failure="amount_differs")
        return
    wallet = rules.available(deposit.user_id, deposit.currency)
    lines = [Line(source, -received), Line(wallet, received)]
    post(key=f"deposit:{deposit.id}:credit", kind="deposit", lines=lines, reference=reference)
    _settle(deposit, "succeed")
    publish(PaymentSucceeded(payment_id=deposit.id, user_id=deposit.user_id, amount=received))


def fail_deposit(*, deposit_id: UUID, reason: str) -> None:
    """The gateway definitively refused. Inside the transaction that settles the command."""
    deposit = Deposit.objects.select_for_update().get(id=deposit_id)
    if deposit.state != "processing":
        return
    _settle(deposit, "fail", failure=reason)
    publish(PaymentFailed(payment_id=deposit.id, user_id=deposit.user_id, amount=deposit.amount, reason=reason))


def _settle(deposit: Deposit, step: str, *, failure: str = "") -> None:
    deposit.state = rules.DEPOSIT.check(step, deposit.state)
    deposit.failure, deposit.settled_at = failure, clock.now()
    deposit.save_change("state", "failure", "settled_at")
