"""Money out of a wallet: held first, sent, and gone only when the gateway says so."""

from uuid import UUID

from django.db import IntegrityError

from domains.payments import rules
from domains.payments.actions.ledger import Line, post
from domains.payments.models import GatewayCommand, Payout
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import enqueue, publish
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import PayoutFailed, PayoutPaid
from kelmah.money import Money
from kelmah.principal import Principal


def request_payout(*, by: Principal, amount: Money, gateway: str, destination: str) -> Payout:
    """Hold the amount and order the gateway to pay it. Raises AmountTooSmall, InsufficientFunds, PayoutInFlight."""
    if amount.minor < rules.SMALLEST_PAYOUT:
        raise rules.AmountTooSmall(data={"smallest": Money(rules.SMALLEST_PAYOUT, amount.currency).as_json()})
    now, payout_id = clock.now(), new_id()
    try:
        with atomic("payments"):
            # The hold comes first: the wallet's row lock makes two withdrawals queue, its floor refuses the second.
            lines = [
                Line(rules.available(by.user_id, amount.currency), -amount),
                Line(rules.payout_hold(payout_id), amount),
            ]
            reference = {"payout_id": str(payout_id)}
            post(key=f"payout:{payout_id}:hold", kind="payout_hold", lines=lines, reference=reference)
            payout = Payout.objects.create(
                id=payout_id,
                user_id=by.user_id,
                amount_minor=amount.minor,
                currency=amount.currency,
                gateway=gateway,
                destination=destination,
                created_at=now,
            )
            command = GatewayCommand.objects.create(
                gateway=gateway,
                kind="payout",
                subject_id=payout_id,
                amount_minor=amount.minor,
                currency=amount.currency,
                instrument=destination,
                next_at=now,
                created_at=now,
            )
            enqueue("payments.submit_command", command_id=str(command.id))
    except IntegrityError:  # the partial unique index: one in flight per user and currency
        raise rules.PayoutInFlight() from None
    return payout


def complete_payout(*, payout_id: UUID) -> None:
    """The gateway has paid. Inside the transaction that settles the command; twice is once."""
    payout = Payout.objects.select_for_update().get(id=payout_id)
    if payout.state != "processing":
        return
    _settle(payout, "pay", to=rules.gateway(payout.gateway, payout.currency), kind="payout")
    publish(PayoutPaid(payout_id=payout.id, user_id=payout.user_id, amount=payout.amount))


def fail_payout(*, payout_id: UUID, reason: str) -> None:
    """The gateway definitively refused: the hold goes back. Inside the transaction that settles the command."""
    payout = Payout.objects.select_for_update().get(id=payout_id)
    if payout.state != "processing":
        return
    back = rules.available(payout.user_id, payout.currency)
    _settle(payout, "fail", to=back, kind="payout_returned", failure=reason)
    publish(PayoutFailed(payout_id=payout.id, user_id=payout.user_id, amount=payout.amount, reason=reason))


def _settle(payout: Payout, step: str, *, to: str, kind: str, failure: str = "") -> None:
    # One key for either end: that a payout is both paid and returned is refused by a unique index.
    lines = [Line(rules.payout_hold(payout.id), -payout.amount), Line(to, payout.amount)]
    reference = {"payout_id": str(payout.id)}
    post(key=f"payout:{payout.id}:settle", kind=kind, lines=lines, reference=reference)
    payout.state = rules.PAYOUT.check(step, payout.state)
    payout.failure, payout.settled_at = failure, clock.now()
    payout.save_change("state", "failure", "settled_at")
