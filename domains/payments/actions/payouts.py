"""Money out of a wallet, or of what another owner has: held first, sent, and gone only when the gateway says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import IntegrityError

from domains.payments import queries, rules
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.orders import order
from domains.payments.actions.reversals import undoing
from domains.payments.actions.turns import take_turn
from domains.payments.gateways import Facts, gateway_offered
from domains.payments.models import Payout, PayoutMethod
from domains.payments.queries import methods, refunds
from domains.payments.rules import owners
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


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be paid out: ``key``, ``purpose`` and ``source`` are the asking domain's own words.

    ``payee_id``: for whom it vouches that this money may become theirs. ``source`` of a wallet's own is empty.
    """

    key: str | None
    owner: str
    purpose: str
    amount: Money
    payee_id: UUID
    source: str


def request_payout(*, by: Principal, amount: Money, gateway: str, destination: str) -> Payout:
    """Hold the amount and order the gateway to pay it to an account named on the spot, where no real money moves.

    Raises MethodNeeded, AmountTooSmall, InsufficientFunds, PayoutInFlight, PayoutsFrozen, DebtOutstanding,
    GatewayNotOffered, CurrencyNotServed.
    """
    if gateway_offered(gateway).capabilities.live:
        raise rules.MethodNeeded()
    _check_amount(amount, gateway)
    with _one_in_flight(), atomic("payments"):
        return _hold(_of_wallet(by, amount), gateway=gateway, destination=destination)


def request_payout_to(*, by: Principal, amount: Money, method_id: UUID) -> Payout:
    """Hold the amount and order that it be paid to a confirmed method of one's own that has cooled down.

    Raises NotFound, MethodNotConfirmed, MethodCoolingDown, VerificationNeeded, Unavailable, AmountTooSmall,
    InsufficientFunds, PayoutInFlight, PayoutsFrozen, DebtOutstanding, GatewayNotOffered, CurrencyNotServed.
    """
    _check_amount(amount, methods.access_method(method_id=method_id, by=by).gateway)
    verified = not _is_within_limit(by.user_id, amount) and _check_verified(by.user_id, amount)
    with _one_in_flight(), atomic("payments"):
        return _hold_for_method(_of_wallet(by, amount), method_id, verified=verified)


def pay_out(wanted: Wanted, *, method_id: UUID) -> Payout:
    """Hold what an owner has for a purpose, and order that a method of the payee's be paid; the same twice is once.

    Of the payee is asked what is asked of whoever empties their own wallet, but for a fresh proof, which the asking
    domain has: an active account, no restriction, a confirmed method that has cooled down, and from a limit on to have
    shown who they are. Raises AccountUnknown, PayeeRefused, LedgerKeyReused and all of ``request_payout_to``.
    """
    owners.check_paid_out(wanted.owner, wanted.purpose, wanted.amount.currency, wanted.payee_id)
    if known := _known(wanted, method_id):
        return known
    _check_amount(wanted.amount, methods.method_of(method_id=method_id, user_id=wanted.payee_id).gateway)
    verified = _check_payee(wanted.payee_id, wanted.amount)
    with _one_in_flight(), atomic("payments"):
        take_turn(f"payout:{wanted.key}")  # of two at once the second finds what the first ordered
        return _known(wanted, method_id) or _hold_for_method(wanted, method_id, verified=verified)


def complete_payout(*, payout_id: UUID, facts: Facts, difference: str) -> None:
    """The gateway has paid. Inside the transaction that settles the order.

    When what was paid is not what was ordered, the difference is in suspense and staff must look.
    """
    payout = queries.lock_payout(payout_id)
    if not difference:
        to = [Line(rules.gateway(payout.gateway, payout.currency), payout.amount)]
        _settle(payout, "pay", to=to, kind="payout")
        _tell_paid(payout)
        return
    log.critical("payout_differs", payout_id=str(payout.id), gateway=payout.gateway, what=difference)
    to = [Line(rules.suspense(payout.gateway, payout.currency), payout.amount)]
    if difference == "amount_differs":
        to += _paid_from_suspense(payout, facts)
    _settle(payout, "question", to=to, kind="suspense", failure=difference)


def fail_payout(*, payout_id: UUID, reason: str) -> None:
    """The gateway definitively refused: the hold goes back. Inside the transaction that settles the order."""
    payout = queries.lock_payout(payout_id)
    _settle(payout, "fail", to=[_back(payout)], kind="payout_returned", failure=reason)
    _tell_failure(payout)


def return_payout(*, payout_id: UUID, reason: str) -> None:
    """The money came back from the bank, perhaps days after it was paid. Inside the transaction that settles the order.

    Straight from the hold when we never heard that it was paid.
    """
    payout = queries.lock_payout(payout_id)
    if payout.state == "processing":
        _settle(payout, "return", to=[_back(payout)], kind="payout_returned", failure=reason)
    else:
        _mark(payout, "return", failure=reason)
        paid = queries.transaction_of(_settle_key(payout))
        lines = [*undoing(txn=paid, but=rules.payout_hold(payout.id)), _back(payout)]
        key = f"payout:{payout.id}:returned"
        post(key=key, kind="payout_returned", lines=lines, reference=_reference(payout), reverses=paid)
    _tell_failure(payout)


def book_unexpected(*, payout_id: UUID, facts: Facts) -> None:
    """A payout that we had given back, or a second one, was paid after all: the loss stands in suspense.

    Inside the transaction that settles the order. Twice is once: the gateway's object is the key.
    """
    payout = queries.lock_payout(payout_id)
    lines = _paid_from_suspense(payout, facts)
    key = rules.paid_out(payout.gateway, facts.ref)
    post(key=key, kind="suspense", lines=lines, reference=_reference(payout))


def accept_payout(*, payout_id: UUID, ruling: Ruling) -> None:
    """Staff takes a payout that differed as paid, none that was theirs.

    Raises ReasonMissing, NotYoursToJudge, InvalidTransition, NotFound.
    """
    with atomic("payments"):
        payout = queries.lock_payout(payout_id)
        _mark(payout, "accept")
        keep_ruling(ruling, kind="payout.accept", subject_id=payout_id, about=[payout.user_id])
        _tell_paid(payout)


# Private functions


def _check_amount(amount: Money, gateway: str) -> None:
    if amount < (smallest := rules.smallest_payout(amount.currency)):
        raise rules.AmountTooSmall(f"The smallest payout is {smallest}.", data={"smallest": smallest.as_json()})
    if amount.currency not in gateway_offered(gateway).capabilities.payouts:
        raise rules.CurrencyNotServed()


def _is_within_limit(user_id: UUID, amount: Money) -> bool:
    """Whether they may be paid so much without having shown who they are."""
    before = methods.taken_out_since(user_id=user_id, currency=amount.currency, since=clock.now() - rules.COUNTED_FOR)
    return before + amount <= rules.unverified_limit(amount.currency)


def _check_verified(user_id: UUID, amount: Money) -> bool:
    if not any(person.verified_level >= rules.LEVEL for person in identity.people(ids=[user_id])):
        raise _verification_needed(amount)
    return True


def _check_payee(user_id: UUID, amount: Money) -> bool:
    """What a token and a permission say of whoever asks themselves. Whether they have shown who they are."""
    people = [person for person in identity.people(ids=[user_id]) if person.status == "active"]
    if not people or identity.restricted_among(ids=[user_id], permission=rules.PAYOUT_RIGHT):
        raise rules.PayeeRefused()
    verified = people[0].verified_level >= rules.LEVEL
    if not verified and not _is_within_limit(user_id, amount):
        raise _verification_needed(amount)
    return verified


def _verification_needed(amount: Money) -> rules.VerificationNeeded:
    limit = rules.unverified_limit(amount.currency)
    return rules.VerificationNeeded(data={"level": rules.LEVEL, "limit": limit.as_json()})


def _known(wanted: Wanted, method_id: UUID) -> Payout | None:
    """What was ordered under this key before. Raises LedgerKeyReused when that was something else."""
    payout = queries.payout_under(wanted.key or "")
    if payout is None:
        return None
    ordered = (payout.owner, payout.purpose, payout.amount, payout.user_id, payout.source, payout.method_id)
    asked = (wanted.owner, wanted.purpose, wanted.amount, wanted.payee_id, wanted.source, method_id)
    if ordered != asked:
        raise rules.LedgerKeyReused()
    return payout


def _of_wallet(by: Principal, amount: Money) -> Wanted:
    owner = owners.of_user(by.user_id)
    return Wanted(key=None, owner=owner, purpose=owners.AVAILABLE, amount=amount, payee_id=by.user_id, source="")


@contextmanager
def _one_in_flight() -> Iterator[None]:
    """Per owner and currency: the index decides when its transaction is refused."""
    try:
        yield
    except IntegrityError as error:
        if queries.broken_constraint(error) == "payout_one_in_flight":
            raise rules.PayoutInFlight() from None
        raise


def _hold_for_method(wanted: Wanted, method_id: UUID, *, verified: bool) -> Payout:
    if not verified:
        # One person may be paid by several owners at once: together no more than the limit.
        take_turn(f"payee:{wanted.payee_id}")
        if not _is_within_limit(wanted.payee_id, wanted.amount):
            raise _verification_needed(wanted.amount)
    method = methods.lock_method_of(method_id=method_id, user_id=wanted.payee_id)  # it must not be removed meanwhile
    if method.state != "active":
        raise rules.MethodNotConfirmed()
    if clock.now() < method.usable_at:
        raise rules.MethodCoolingDown(data={"usable_at": method.usable_at.isoformat()})
    return _hold(wanted, gateway=method.gateway, method=method)


def _hold(wanted: Wanted, *, gateway: str, destination: str = "", method: PayoutMethod | None = None) -> Payout:
    if queries.payouts_are_frozen():
        raise rules.PayoutsFrozen(data={"retry_after": 600})
    amount = wanted.amount
    if owners.is_user(wanted.owner):  # only people owe
        refunds.check_nothing_owed(wanted.payee_id)
    payout = Payout(
        id=new_id(),
        user_id=wanted.payee_id,
        owner=wanted.owner,
        purpose=wanted.purpose,
        key=wanted.key,
        source=wanted.source,
        amount_minor=amount.minor,
        currency=amount.currency,
        gateway=gateway,
        destination=destination,
        method=method,
        created_at=clock.now(),
    )
    # The hold comes first: the account's row lock makes two withdrawals queue, its floor refuses the second.
    lines = [Line(_account(payout), -amount), Line(rules.payout_hold(payout.id), amount)]
    post(key=f"payout:{payout.id}:hold", kind="payout_hold", lines=lines, reference=_reference(payout))
    payout.save(force_insert=True)
    order(gateway=gateway, kind="payout", subject_id=payout.id, amount=amount, instrument=destination)
    faultpoint("payout.before_commit")
    return payout


def _settle(payout: Payout, step: str, *, to: list[Line], kind: str, failure: str = "") -> None:
    # One key for every end: that a payout is both paid and given back is refused by a unique index. The books come
    # first: whoever requests the next payout holds the wallet while the index on the payout's state is asked.
    lines = [Line(rules.payout_hold(payout.id), -payout.amount), *to]
    post(key=_settle_key(payout), kind=kind, lines=lines, reference=_reference(payout))
    _mark(payout, step, failure=failure)


def _mark(payout: Payout, step: str, *, failure: str = "") -> None:
    payout.state = rules.PAYOUT.check(step, payout.state)
    payout.failure = failure
    payout.settled_at = None if payout.state == "in_review" else clock.now()
    payout.save_change("state", "failure", "settled_at")


def _tell_paid(payout: Payout) -> None:
    publish(
        PayoutPaid(
            payout_id=payout.id,
            user_id=payout.user_id,
            amount=payout.amount,
            owner=payout.owner,
            purpose=payout.purpose,
            source=payout.source,
        )
    )


def _tell_failure(payout: Payout) -> None:
    publish(
        PayoutFailed(
            payout_id=payout.id,
            user_id=payout.user_id,
            amount=payout.amount,
            reason=payout.failure,
            owner=payout.owner,
            purpose=payout.purpose,
            source=payout.source,
        )
    )


def _settle_key(payout: Payout) -> str:
    return f"payout:{payout.id}:settle"


def _account(payout: Payout) -> str:
    """What it is taken of, and where it is again when it fails or comes back."""
    return owners.account_of(payout.owner, payout.purpose, payout.currency, key="")


def _back(payout: Payout) -> Line:
    return Line(_account(payout), payout.amount)


def _paid_from_suspense(payout: Payout, facts: Facts) -> list[Line]:
    return [
        Line(rules.suspense(payout.gateway, facts.amount.currency), -facts.amount),
        Line(rules.gateway(payout.gateway, facts.amount.currency), facts.amount),
    ]


def _reference(payout: Payout) -> dict[str, str]:
    return {"payout_id": str(payout.id)} | ({"source": payout.source} if payout.source else {})
