"""Deposits that go back to whoever paid them in: held first, sent, and gone only when the gateway says so."""

from uuid import UUID

import structlog

from domains.payments import queries, rules
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.orders import order
from domains.payments.actions.reversals import undoing
from domains.payments.gateways import Facts, gateway_named
from domains.payments.models import Refund
from domains.payments.queries import refunds
from domains.payments.queries.refunds import Charge
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.events.publish import publish
from kelmah.faultpoints import faultpoint
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import RefundCompleted, RefundFailed
from kelmah.money import Money
from kelmah.principal import Principal

log = structlog.get_logger(__name__)


def request_refund(*, by: Principal, deposit_id: UUID, amount: Money | None = None) -> Refund:
    """The owner has what is left of a deposit, or ``amount`` of it, sent back to where it came from.

    Only what is still in their wallet. Raises NotFound, RefundTooLarge, DisputeOpen, DebtOutstanding,
    InsufficientFunds, PayoutsFrozen, NotOffered.
    """
    with atomic("payments"):
        queries.access_deposit(deposit_id=deposit_id, by=by)
        return _refund_wallet(deposit_id, amount)


def refund_deposit(*, deposit_id: UUID, amount: Money | None = None, ruling: Ruling) -> Refund:
    """Staff does the same for them. Raises as ``request_refund``, and ReasonMissing, NotYoursToJudge."""
    with atomic("payments"):
        owner = queries.lock_deposit(deposit_id).user_id
        keep_ruling(ruling, kind="deposit.refund", subject_id=deposit_id, about=[owner])
        return _refund_wallet(deposit_id, amount)


def send_back(*, gateway: str, charge_ref: str, ruling: Ruling) -> Refund:
    """Staff has a charge given back that no wallet ever got: it differed, came too late, or came twice.

    Raises NotFound, RefundTooLarge, DisputeOpen, PayoutsFrozen, NotOffered, ReasonMissing, NotYoursToJudge.
    """
    with atomic("payments"):
        charge = refunds.charge_named(gateway=gateway, ref=charge_ref)
        if charge is None:
            raise NotFound("There is no such charge in the books.")
        deposit = queries.lock_deposit(charge.deposit_id)  # it must not be accepted into the wallet meanwhile
        charge = refunds.charge_named(gateway=gateway, ref=charge_ref)
        if charge is None or charge.source != "suspense":
            raise NotFound("A wallet got this charge: refund the deposit.")
        if refunds.suspended_for(charge) < refunds.refundable(charge):  # staff moved it from there meanwhile
            raise rules.RefundTooLarge("It is no longer in suspense.")
        keep_ruling(ruling, kind="deposit.send_back", subject_id=deposit.id, about=[deposit.user_id])
        return _hold(deposit.user_id, charge, None)


def complete_refund(*, refund_id: UUID, facts: Facts, difference: str) -> None:
    """The gateway gave it back. Inside the transaction that settles the order.

    When what was given back is not what was ordered, the difference is in suspense and staff must look.
    """
    refund = refunds.lock_refund(refund_id)
    if not difference:
        _settle(refund, "complete", to=[Line(rules.gateway(refund.gateway, refund.currency), refund.amount)])
        _tell_success(refund)
        return
    log.critical("refund_differs", refund_id=str(refund.id), gateway=refund.gateway, what=difference)
    to = [Line(rules.suspense(refund.gateway, refund.currency), refund.amount)]
    if difference == "amount_differs":
        to += _given_from_suspense(refund, facts)
    _settle(refund, "question", to=to, failure=difference)


def fail_refund(*, refund_id: UUID, reason: str) -> None:
    """The gateway definitively refused: the hold goes back. Inside the transaction that settles the order."""
    refund = refunds.lock_refund(refund_id)
    _settle(refund, "fail", to=[_source(refund)], failure=reason)
    _tell_failure(refund)


def return_refund(*, refund_id: UUID, reason: str) -> None:
    """The payer's bank did not take it, perhaps days after it was done.

    Inside the transaction that settles the order.
    """
    refund = refunds.lock_refund(refund_id)
    if refund.state == "processing":
        _settle(refund, "return", to=[_source(refund)], failure=reason)
    else:
        _mark(refund, "return", failure=reason)
        done = queries.transaction_of(_settle_key(refund.id))
        lines = [*undoing(txn=done, but=rules.refund_hold(refund.id)), _source(refund)]
        key = f"refund:{refund.id}:returned"
        post(key=key, kind="refund_returned", lines=lines, reference=_reference(refund), reverses=done)
    _tell_failure(refund)


def book_unexpected(*, refund_id: UUID, facts: Facts) -> None:
    """A refund that we had given up, or a second one, was made after all: the loss stands in suspense.

    Inside the transaction that settles the order. Twice is once: the gateway's object is the key.
    """
    refund = refunds.lock_refund(refund_id)
    key, lines = rules.refunded(refund.gateway, facts.ref), _given_from_suspense(refund, facts)
    post(key=key, kind="suspense", lines=lines, reference=_reference(refund))


def accept_refund(*, refund_id: UUID, ruling: Ruling) -> None:
    """Staff takes a refund that differed as done.

    Raises ReasonMissing, NotYoursToJudge, InvalidTransition, NotFound.
    """
    with atomic("payments"):
        refund = refunds.lock_refund(refund_id)
        _mark(refund, "accept")
        keep_ruling(ruling, kind="refund.accept", subject_id=refund_id, about=[refund.user_id])
        _tell_success(refund)


# Private functions


def _refund_wallet(deposit_id: UUID, amount: Money | None) -> Refund:
    deposit = queries.lock_deposit(deposit_id)  # refunds and disputes of one payment must see each other
    charge = refunds.charge_of(deposit.id, deposit.gateway)
    if charge is None or charge.source != "wallet":
        raise rules.RefundTooLarge("Nothing of this deposit is in a wallet.")
    refunds.check_nothing_owed(deposit.user_id)
    return _hold(deposit.user_id, charge, amount)


def _hold(user_id: UUID, charge: Charge, amount: Money | None) -> Refund:
    amount = _checked(charge, amount)
    refund = Refund(
        id=new_id(),
        deposit_id=charge.deposit_id,
        user_id=user_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        gateway=charge.gateway,
        charge_ref=charge.ref,
        source=charge.source,
        created_at=clock.now(),
    )
    source = _source(refund)
    lines = [Line(source.account, -source.amount), Line(rules.refund_hold(refund.id), amount)]
    post(key=f"refund:{refund.id}:hold", kind="refund_hold", lines=lines, reference=_reference(refund))
    refund.save(force_insert=True)
    instrument = refunds.refund_instrument(charge.deposit_id)
    order(
        gateway=charge.gateway,
        kind="refund",
        subject_id=refund.id,
        amount=amount,
        instrument=instrument,
        of=charge.ref,
    )
    faultpoint("refund.before_commit")
    return refund


def _checked(charge: Charge, amount: Money | None) -> Money:
    offered = gateway_named(charge.gateway).capabilities.refunds
    left = refunds.refundable(charge)
    wanted = amount or left
    if offered == "none" or (offered == "full" and wanted != charge.captured):
        raise rules.NotOffered()
    if queries.payouts_are_frozen():
        raise rules.PayoutsFrozen(data={"retry_after": 600})
    if refunds.is_disputed(charge):
        raise rules.DisputeOpen()
    if wanted.currency != left.currency or not 0 < wanted.minor <= left.minor:
        raise rules.RefundTooLarge(data={"refundable": left.as_json()})
    return wanted


def _settle(refund: Refund, step: str, *, to: list[Line], failure: str = "") -> None:
    # One key for every end: that a refund is both done and given back to the wallet is refused by a unique index.
    lines = [Line(rules.refund_hold(refund.id), -refund.amount), *to]
    post(key=_settle_key(refund.id), kind=f"refund_{step}", lines=lines, reference=_reference(refund))
    _mark(refund, step, failure=failure)


def _mark(refund: Refund, step: str, *, failure: str = "") -> None:
    refund.state = rules.REFUND.check(step, refund.state)
    refund.failure = failure
    refund.settled_at = None if refund.state == "in_review" else clock.now()
    refund.save_change("state", "failure", "settled_at")


def _tell_success(refund: Refund) -> None:
    publish(RefundCompleted(refund_id=refund.id, user_id=refund.user_id, amount=refund.amount))


def _tell_failure(refund: Refund) -> None:
    publish(RefundFailed(refund_id=refund.id, user_id=refund.user_id, amount=refund.amount, reason=refund.failure))


def _settle_key(refund_id: UUID) -> str:
    return f"refund:{refund_id}:settle"


def _source(refund: Refund) -> Line:
    if refund.source == "suspense":
        return Line(rules.suspense(refund.gateway, refund.currency), refund.amount)
    return Line(rules.available(refund.user_id, refund.currency), refund.amount)


def _given_from_suspense(refund: Refund, facts: Facts) -> list[Line]:
    return [
        Line(rules.suspense(refund.gateway, facts.amount.currency), -facts.amount),
        Line(rules.gateway(refund.gateway, facts.amount.currency), facts.amount),
    ]


def _reference(refund: Refund) -> dict[str, str]:
    return {"refund_id": str(refund.id), "deposit_id": str(refund.deposit_id)}
