"""Payments that the payer's bank takes back, and sometimes gives again.

What is taken is taken of whoever paid it in: first from their wallet, the rest as a debt that their next income pays.
Whoever earned the money meanwhile keeps it.
"""

from datetime import timedelta
from typing import Final

import structlog
from django.db import IntegrityError

from domains.payments import queries, rules
from domains.payments.actions import receivables
from domains.payments.actions.isolation import each_alone
from domains.payments.gateways import Dispute, Unknown, gateway_named
from domains.payments.models import Chargeback, Deposit
from domains.payments.queries import refunds
from domains.payments.queries.refunds import Charge
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import publish
from kelmah.interfaces.payments.events import ChargebackOpened, ChargebackWon

log = structlog.get_logger(__name__)

_LOOK_EVERY: Final = timedelta(hours=6)
# What must have happened when a dispute is in a phase, whether or not we heard of it then.
_WAY: Final = {
    "inquiry": (),
    "closed": ("close",),
    "withdrawn": ("withdraw",),
    "reinstated": ("withdraw", "reinstate"),
    "lost": ("withdraw", "lose"),
}
_BEHIND: Final = {
    "inquiry": (),
    "closed": ("close",),
    "withdrawn": ("close", "withdraw"),
    "lost": ("close", "withdraw", "lose"),
    "reinstated": ("close", "withdraw", "lose", "reinstate"),
}


def follow_dispute(*, gateway: str, dispute: Dispute) -> bool:
    """Book whatever a dispute moved and is not booked yet, in any order and any number of times.

    False when its charge is not in our books. Each movement is a transaction of its own.
    """
    charge = refunds.charge_named(gateway=gateway, ref=dispute.charge_ref)
    if charge is None:
        return False
    ours = gateway_named(gateway).capabilities
    if (dispute.account, dispute.live) != (ours.account, ours.live):
        log.critical("dispute_of_another_account", gateway=gateway, ref=dispute.ref)
        return True
    _open(charge, dispute)
    for step in _WAY[dispute.phase]:
        _take(step, charge, dispute)
    return True


def resolve_disputes(*, limit: int = 50) -> int:
    """Ask about disputes that are not over, each every few hours; returns how many were asked about.

    Their end is told by a webhook, which may be lost: protected funds would stay frozen, and refunds refused, for ever.
    """
    now = clock.now()
    with atomic("payments"):
        # Taken, so that workers who overlap share them, and what fails keeps nobody else from being looked at.
        due = Chargeback.objects.filter(state__in=rules.CHARGEBACK_OPEN, looked_at__lte=now - _LOOK_EVERY)
        taken = list(due.order_by("looked_at").select_for_update(skip_locked=True)[:limit])
        Chargeback.objects.filter(id__in=[chargeback.id for chargeback in taken]).update(looked_at=now)

    def look_at(chargeback: Chargeback) -> None:
        told = gateway_named(chargeback.gateway).fetch_dispute(chargeback.ref)
        if isinstance(told, Unknown):
            log.warning("dispute_unknown", chargeback_id=str(chargeback.id), reason=told.reason)
        else:
            follow_dispute(gateway=chargeback.gateway, dispute=told)

    each_alone(taken, look_at)
    return len(taken)


# Private functions


def _open(charge: Charge, dispute: Dispute) -> None:
    deposit = Deposit.objects.get(id=charge.deposit_id)
    try:
        with atomic("payments"):
            Chargeback.objects.create(
                deposit_id=deposit.id,
                user_id=deposit.user_id,
                gateway=charge.gateway,
                ref=dispute.ref,
                charge_ref=charge.ref,
                amount_minor=dispute.amount.minor,
                currency=dispute.amount.currency,
                opened_at=clock.now(),
                changed_at=clock.now(),
                looked_at=clock.now(),
            )
    except IntegrityError as error:
        if queries.broken_constraint(error) != "chargeback_once":  # another delivery was faster
            raise


def _take(step: str, charge: Charge, dispute: Dispute) -> None:
    with atomic("payments"):
        charge = refunds.lock_charge(charge)  # refunds of the same payment must see it, or be seen by it
        chargeback = Chargeback.objects.select_for_update().get(gateway=charge.gateway, ref=dispute.ref)
        if step in _BEHIND[chargeback.state]:
            return
        chargeback.state = rules.CHARGEBACK.check(step, chargeback.state)
        chargeback.changed_at = clock.now()
        if step == "withdraw":
            same = chargeback.currency == charge.captured.currency
            chargeback.source = charge.source if same else "suspense"
        chargeback.save_change("state", "changed_at", "source")
        log.critical("chargeback", step=step, chargeback_id=str(chargeback.id), gateway=charge.gateway)
        if step == "withdraw":
            _withdraw(chargeback)
        elif step == "reinstate":
            _reinstate(chargeback)


def _withdraw(chargeback: Chargeback) -> None:
    key = rules.taken_back(chargeback.gateway, chargeback.ref)
    receivables.send_back(
        money=_money(chargeback), source=chargeback.source, key=key, kind="chargeback", reference=_reference(chargeback)
    )
    publish(ChargebackOpened(chargeback_id=chargeback.id, user_id=chargeback.user_id, amount=chargeback.amount))


def _reinstate(chargeback: Chargeback) -> None:
    key = rules.reinstated(chargeback.gateway, chargeback.ref)
    receivables.bring_back(
        money=_money(chargeback),
        source=chargeback.source,
        key=key,
        kind="chargeback_won",
        reference=_reference(chargeback),
    )
    publish(ChargebackWon(chargeback_id=chargeback.id, user_id=chargeback.user_id, amount=chargeback.amount))


def _money(chargeback: Chargeback) -> receivables.Charged:
    return receivables.Charged(chargeback.user_id, chargeback.gateway, chargeback.amount)


def _reference(chargeback: Chargeback) -> dict[str, str]:
    return {"chargeback_id": str(chargeback.id), "deposit_id": str(chargeback.deposit_id)}
