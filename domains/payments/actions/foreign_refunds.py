"""Refunds that somebody made at the gateway's own desk: the money is gone, so the books follow."""

from datetime import datetime

import structlog

from domains.payments import rules
from domains.payments.actions import receivables
from domains.payments.gateways import Facts, Outcome, Returned, Succeeded, gateway_named
from domains.payments.models import Deposit, Refund
from domains.payments.queries import refunds
from domains.payments.queries.refunds import Charge
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import publish
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import RefundCompleted, RefundFailed

log = structlog.get_logger(__name__)


def follow_foreign_refund(*, gateway: str, outcome: Outcome) -> bool:
    """Book a refund that we did not order, once; False when its charge is not in our books.

    Taken of whoever paid it in, as a debt when they have spent it. What comes back is given to them again.
    """
    if not isinstance(outcome, Succeeded | Returned):
        return True  # nothing moved, or not yet: its webhook will come
    facts = outcome.facts
    charge = refunds.charge_named(gateway=gateway, ref=facts.of) if facts.of else None
    if charge is None:
        return False
    ours = gateway_named(gateway).capabilities
    if (facts.account, facts.live) != (ours.account, ours.live) or facts.amount.currency != charge.captured.currency:
        log.critical("foreign_refund_differs", gateway=gateway, ref=facts.ref)
        return True
    _book(charge, facts)
    if isinstance(outcome, Returned):
        _take_back(charge, facts, outcome.code)
    return True


# Private functions


def _book(charge: Charge, facts: Facts) -> None:
    with atomic("payments"):
        charge = refunds.lock_charge(charge)  # two deliveries, and our own refunds, must see it
        if Refund.objects.filter(gateway=charge.gateway, made_there=facts.ref).exists():
            return
        refund = Refund.objects.create(
            id=new_id(),
            deposit_id=charge.deposit_id,
            user_id=Deposit.objects.values_list("user_id", flat=True).get(id=charge.deposit_id),
            amount_minor=facts.amount.minor,
            currency=facts.amount.currency,
            gateway=charge.gateway,
            charge_ref=charge.ref,
            source=charge.source,
            made_there=facts.ref,
            state="succeeded",
            **_now(),
        )
        log.critical("refunded_at_the_gateway", refund_id=str(refund.id), ref=facts.ref)
        key = rules.refunded(charge.gateway, facts.ref)
        receivables.send_back(
            money=_money(refund), source=charge.source, key=key, kind="refund_complete", reference=_reference(refund)
        )
        publish(RefundCompleted(refund_id=refund.id, user_id=refund.user_id, amount=refund.amount))


def _take_back(charge: Charge, facts: Facts, reason: str) -> None:
    with atomic("payments"):
        refund = Refund.objects.select_for_update().get(gateway=charge.gateway, made_there=facts.ref)
        if refund.state == "returned":
            return
        refund.state, refund.failure = rules.REFUND.check("return", refund.state), reason
        refund.save_change("state", "failure")
        key = f"refund:{refund.id}:returned"
        receivables.bring_back(
            money=_money(refund), source=refund.source, key=key, kind="refund_returned", reference=_reference(refund)
        )
        publish(RefundFailed(refund_id=refund.id, user_id=refund.user_id, amount=refund.amount, reason=refund.failure))


def _money(refund: Refund) -> receivables.Charged:
    return receivables.Charged(refund.user_id, refund.gateway, refund.amount)


def _now() -> dict[str, datetime]:
    now = clock.now()
    return {"created_at": now, "settled_at": now}


def _reference(refund: Refund) -> dict[str, str]:
    return {"refund_id": str(refund.id), "deposit_id": str(refund.deposit_id)}
