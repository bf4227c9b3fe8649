"""Money from a gateway into a wallet."""

from uuid import UUID

import structlog

from domains.payments import queries, rules
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.orders import order
from domains.payments.gateways import Facts, gateway_offered
from domains.payments.models import Deposit
from domains.payments.queries import refunds
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import publish
from kelmah.interfaces.payments.events import PaymentFailed, PaymentSucceeded
from kelmah.money import Money
from kelmah.principal import Principal

log = structlog.get_logger(__name__)


def request_deposit(*, by: Principal, amount: Money, gateway: str, instrument: str) -> Deposit:
    """Ask a gateway for the user's money. The order is stored here and sent after the commit.

    Raises GatewayNotOffered, CurrencyNotServed.
    """
    if amount.currency not in gateway_offered(gateway).capabilities.charges:
        raise rules.CurrencyNotServed()
    with atomic("payments"):
        deposit = Deposit.objects.create(
            user_id=by.user_id,
            amount_minor=amount.minor,
            currency=amount.currency,
            gateway=gateway,
            created_at=clock.now(),
        )
        order(gateway=gateway, kind="charge", subject_id=deposit.id, amount=amount, instrument=instrument)
    return deposit


def credit_deposit(*, deposit_id: UUID, facts: Facts, difference: str) -> None:
    """The gateway has the money. Inside the transaction that settles the order.

    What differs from what was asked for goes to suspense, or nowhere when it never came to our account; nobody is
    credited until staff have looked.
    """
    deposit = queries.lock_deposit(deposit_id)
    if difference:
        log.critical("deposit_differs", deposit_id=str(deposit.id), gateway=deposit.gateway, what=difference)
        if difference == "amount_differs":
            _suspend(deposit, facts)
        _settle(deposit, "question", failure=difference)
        return
    lines = [
        Line(rules.gateway(deposit.gateway, deposit.currency), -facts.amount),
        Line(rules.available(deposit.user_id, deposit.currency), facts.amount),
    ]
    post(key=rules.charged(deposit.gateway, facts.ref), kind="deposit", lines=lines, reference=_reference(deposit))
    _settle(deposit, "succeed", credited=facts.amount)


def fail_deposit(*, deposit_id: UUID, reason: str) -> None:
    """The gateway definitively refused. Inside the transaction that settles the order."""
    _settle(queries.lock_deposit(deposit_id), "fail", failure=reason)


def suspend_unexpected(*, deposit_id: UUID, facts: Facts, late: bool) -> None:
    """Money came for a deposit that was closed: a second charge, or (``late``) one that had been refused.

    Inside the transaction that settles the order. Twice is once: the gateway's object is the key.
    """
    deposit = queries.lock_deposit(deposit_id)
    if queries.is_posted(rules.charged(deposit.gateway, facts.ref)):
        return
    _suspend(deposit, facts)
    if late:
        _settle(deposit, "question", failure="came_after_refusal")


def accept_deposit(*, deposit_id: UUID, ruling: Ruling) -> None:
    """Staff gives the user what really arrived.

    Raises NothingArrived, ReasonMissing, NotYoursToJudge, InvalidTransition, NotFound.
    """
    with atomic("payments"):
        deposit = queries.lock_deposit(deposit_id)  # two of the staff must not both credit it
        rules.DEPOSIT.check("accept", deposit.state)
        arrived = queries.suspended_of(deposit)
        charge = refunds.charge_of(deposit.id, deposit.gateway)
        if arrived is None or charge is None or refunds.refundable(charge) != arrived:  # sent or taken back meanwhile
            raise rules.NothingArrived()
        keep_ruling(ruling, kind="deposit.accept", subject_id=deposit_id, about=[deposit.user_id])
        lines = [
            Line(rules.suspense(deposit.gateway, arrived.currency), -arrived),
            Line(rules.available(deposit.user_id, arrived.currency), arrived),
        ]
        post(key=f"deposit:{deposit.id}:accepted", kind="deposit", lines=lines, reference=_reference(deposit))
        _settle(deposit, "accept", credited=arrived)


def dismiss_deposit(*, deposit_id: UUID, ruling: Ruling) -> None:
    """Staff credits nothing; what arrived stays in suspense until it is sent back.

    Raises ReasonMissing, NotYoursToJudge, InvalidTransition, NotFound.
    """
    with atomic("payments"):
        deposit = queries.lock_deposit(deposit_id)
        rules.DEPOSIT.check("dismiss", deposit.state)
        keep_ruling(ruling, kind="deposit.dismiss", subject_id=deposit_id, about=[deposit.user_id])
        _settle(deposit, "dismiss", failure="dismissed")


# Private functions


def _suspend(deposit: Deposit, facts: Facts) -> None:
    lines = [
        Line(rules.gateway(deposit.gateway, facts.amount.currency), -facts.amount),
        Line(rules.suspense(deposit.gateway, facts.amount.currency), facts.amount),
    ]
    post(key=rules.charged(deposit.gateway, facts.ref), kind="suspense", lines=lines, reference=_reference(deposit))


def _settle(deposit: Deposit, step: str, *, failure: str = "", credited: Money | None = None) -> None:
    deposit.state = rules.DEPOSIT.check(step, deposit.state)
    deposit.failure = failure
    deposit.settled_at = None if deposit.state == "in_review" else clock.now()
    if credited:
        deposit.credited_minor, deposit.credited_currency = credited.minor, credited.currency
        publish(PaymentSucceeded(payment_id=deposit.id, user_id=deposit.user_id, amount=credited))
    elif deposit.state == "failed":
        publish(PaymentFailed(payment_id=deposit.id, user_id=deposit.user_id, amount=deposit.amount, reason=failure))
    deposit.save_change("state", "failure", "settled_at", "credited_minor", "credited_currency")


def _reference(deposit: Deposit) -> dict[str, str]:
    return {"deposit_id": str(deposit.id)}
