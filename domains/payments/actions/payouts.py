"""Money out of a wallet: held first, sent, and gone only when the gateway says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from django.db import IntegrityError

from domains.payments import queries, rules
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.orders import order
from domains.payments.gateways import Facts, gateway_offered
from domains.payments.models import Payout, PayoutMethod
from domains.payments.queries import methods, refunds
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import publish
from kelmah.faultpoints import faultpoint
from kelmah.ids import new_id
from kelmah.interfaces.identity.calls import identity
from kelmah.interfaces.payments.events import PayoutFailed, PayoutPaid
from kelmah.money import Money
from kelmah.principal import Principal

log = structlog.get_logger(__name__)


def request_payout(*, by: Principal, amount: Money, gateway: str, destination: str) -> Payout:
    """Hold the amount and order the gateway to pay it to an account named on the spot, where no real money moves.

    Raises MethodNeeded, AmountTooSmall, InsufficientFunds, PayoutInFlight, PayoutsFrozen, DebtOutstanding,
    GatewayNotOffered, CurrencyNotServed.
    """
    if gateway_offered(gateway).capabilities.live:
        raise rules.MethodNeeded()
    _check_amount(amount, gateway)
    with _one_in_flight(), atomic("payments"):
        return _hold(by=by, amount=amount, gateway=gateway, destination=destination)


def request_payout_to(*, by: Principal, amount: Money, method_id: UUID) -> Payout:
    """Hold the amount and order that it be paid to a confirmed method of one's own that has cooled down.

    Raises NotFound, MethodNotConfirmed, MethodCoolingDown, VerificationNeeded, Unavailable, AmountTooSmall,
    InsufficientFunds, PayoutInFlight, PayoutsFrozen, DebtOutstanding, GatewayNotOffered, CurrencyNotServed.
    """
    _check_amount(amount, methods.access_method(method_id=method_id, by=by).gateway)
    _check_level(by, amount)
    with _one_in_flight(), atomic("payments"):
        method = methods.lock_own_method(method_id=method_id, by=by)  # it must not be removed under the payout
        if method.state != "active":
            raise rules.MethodNotConfirmed()
        if clock.now() < method.usable_at:
            raise rules.MethodCoolingDown(data={"usable_at": method.usable_at.isoformat()})
        return _hold(by=by, amount=amount, gateway=method.gateway, method=method)


def complete_payout(*, payout_id: UUID, facts: Facts, difference: str) -> None:
    """The gateway has paid. Inside the transaction that settles the order.

    When what was paid is not what was ordered, the difference is in suspense and staff must look.
    """
    payout = queries.lock_payout(payout_id)
    if not difference:
        to = [Line(rules.gateway(payout.gateway, payout.currency), payout.amount)]
        _settle(payout, "pay", to=to, kind="payout")
        publish(PayoutPaid(payout_id=payout.id, user_id=payout.user_id, amount=payout.amount))
        return
    log.critical("payout_differs", payout_id=str(payout.id), gateway=payout.gateway, what=difference)
    to = [Line(rules.suspense(payout.gateway, payout.currency), payout.amount)]
    if difference == "amount_differs":
        to += _paid_from_suspense(payout, facts)
    _settle(payout, "question", to=to, kind="suspense", failure=difference)


def fail_payout(*, payout_id: UUID, reason: str) -> None:
    """The gateway definitively refused: the hold goes back. Inside the transaction that settles the order."""
    payout = queries.lock_payout(payout_id)
    _settle(payout, "fail", to=[_wallet(payout)], kind="payout_returned", failure=reason)
    _tell_failure(payout)


def return_payout(*, payout_id: UUID, reason: str) -> None:
    """The money came back from the bank, perhaps days after it was paid. Inside the transaction that settles the order.

    Straight from the hold when we never heard that it was paid.
    """
    payout = queries.lock_payout(payout_id)
    if payout.state == "in_review":
        log.critical("payout_returned_in_review", payout_id=str(payout.id))
        return
    if payout.state == "processing":
        _settle(payout, "return", to=[_wallet(payout)], kind="payout_returned", failure=reason)
    else:
        _mark(payout, "return", failure=reason)
        paid = queries.transaction_of(_settle_key(payout))
        lines = [Line(rules.gateway(payout.gateway, payout.currency), -payout.amount), _wallet(payout)]
        key = f"payout:{payout.id}:returned"
        post(key=key, kind="payout_returned", lines=lines, reference=_reference(payout.id), reverses=paid)
    _tell_failure(payout)


def book_unexpected(*, payout_id: UUID, facts: Facts) -> None:
    """A payout that we had given back, or a second one, was paid after all: the loss stands in suspense.

    Inside the transaction that settles the order. Twice is once: the gateway's object is the key.
    """
    payout = queries.lock_payout(payout_id)
    lines = _paid_from_suspense(payout, facts)
    key = rules.paid_out(payout.gateway, facts.ref)
    post(key=key, kind="suspense", lines=lines, reference=_reference(payout.id))


def accept_payout(*, payout_id: UUID, ruling: Ruling) -> None:
    """Staff takes a payout that differed as paid. Raises ReasonMissing, InvalidTransition, NotFound."""
    with atomic("payments"):
        payout = queries.lock_payout(payout_id)
        _mark(payout, "accept")
        keep_ruling(ruling, kind="payout.accept", subject_id=payout_id)
        publish(PayoutPaid(payout_id=payout.id, user_id=payout.user_id, amount=payout.amount))


# Private functions


def _check_amount(amount: Money, gateway: str) -> None:
    if amount < (smallest := rules.smallest_payout(amount.currency)):
        raise rules.AmountTooSmall(f"The smallest payout is {smallest}.", data={"smallest": smallest.as_json()})
    if amount.currency not in gateway_offered(gateway).capabilities.payouts:
        raise rules.CurrencyNotServed()


def _check_level(by: Principal, amount: Money) -> None:
    limit, since = rules.unverified_limit(amount.currency), clock.now() - rules.COUNTED_FOR
    before = methods.taken_out_since(user_id=by.user_id, currency=amount.currency, since=since)
    if before + amount <= limit:
        return
    if not any(person.verified_level >= rules.LEVEL for person in identity.people(ids=[by.user_id])):
        raise rules.VerificationNeeded(data={"level": rules.LEVEL, "limit": limit.as_json()})


@contextmanager
def _one_in_flight() -> Iterator[None]:
    """Per user and currency: the index decides when its transaction is refused."""
    try:
        yield
    except IntegrityError as error:
        if queries.broken_constraint(error) == "payout_one_in_flight":
            raise rules.PayoutInFlight() from None
        raise


def _hold(
    *, by: Principal, amount: Money, gateway: str, destination: str = "", method: PayoutMethod | None = None
) -> Payout:
    if queries.payouts_are_frozen():
        raise rules.PayoutsFrozen(data={"retry_after": 600})
    refunds.check_nothing_owed(by.user_id)
    payout_id = new_id()
    # The hold comes first: the wallet's row lock makes two withdrawals queue, its floor refuses the second.
    lines = [
        Line(rules.available(by.user_id, amount.currency), -amount),
        Line(rules.payout_hold(payout_id), amount),
    ]
    post(key=f"payout:{payout_id}:hold", kind="payout_hold", lines=lines, reference=_reference(payout_id))
    payout = Payout.objects.create(
        id=payout_id,
        user_id=by.user_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        gateway=gateway,
        destination=destination,
        method=method,
        created_at=clock.now(),
    )
    order(gateway=gateway, kind="payout", subject_id=payout_id, amount=amount, instrument=destination)
    faultpoint("payout.before_commit")
    return payout


def _settle(payout: Payout, step: str, *, to: list[Line], kind: str, failure: str = "") -> None:
    # One key for every end: that a payout is both paid and given back is refused by a unique index. The books come
    # first: whoever requests the next payout holds the wallet while the index on the payout's state is asked.
    lines = [Line(rules.payout_hold(payout.id), -payout.amount), *to]
    post(key=_settle_key(payout), kind=kind, lines=lines, reference=_reference(payout.id))
    _mark(payout, step, failure=failure)


def _mark(payout: Payout, step: str, *, failure: str = "") -> None:
    payout.state = rules.PAYOUT.check(step, payout.state)
    payout.failure = failure
    payout.settled_at = None if payout.state == "in_review" else clock.now()
    payout.save_change("state", "failure", "settled_at")


def _tell_failure(payout: Payout) -> None:
    publish(PayoutFailed(payout_id=payout.id, user_id=payout.user_id, amount=payout.amount, reason=payout.failure))


def _settle_key(payout: Payout) -> str:
    return f"payout:{payout.id}:settle"


def _wallet(payout: Payout) -> Line:
    return Line(rules.available(payout.user_id, payout.currency), payout.amount)


def _paid_from_suspense(payout: Payout, facts: Facts) -> list[Line]:
    return [
        Line(rules.suspense(payout.gateway, facts.amount.currency), -facts.amount),
        Line(rules.gateway(payout.gateway, facts.amount.currency), facts.amount),
    ]


def _reference(payout_id: UUID) -> dict[str, str]:
    return {"payout_id": str(payout_id)}
