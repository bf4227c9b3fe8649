"""Addresses at gateways that stand for an owner's purpose, and the money that anybody pays to them."""

import structlog

from domains.payments import queries, rules
from domains.payments.actions import journals
from domains.payments.actions.ledger import Line, post
from domains.payments.gateways import Facts, Outcome, Succeeded, gateway_named, names_offered
from domains.payments.models import VirtualAddress
from domains.payments.rules import owners
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import publish
from kelmah.interfaces.payments.events import AddressCredited
from kelmah.interfaces.payments.refusals import AddressNotOffered
from kelmah.interfaces.payments.types import MoneyLine

log = structlog.get_logger(__name__)


def address_of(*, owner: str, purpose: str, currency: str) -> VirtualAddress:
    """Where anybody can pay into an owner's account: opened on first use, and the same from then on.

    Raises AccountUnknown (also for debts, into which nobody pays), AddressNotOffered, ProviderRefused, Unavailable.
    """
    owners.check_payable(owner, purpose, currency)
    address = _stored(owner, purpose, currency)
    if address.ref:
        return address
    opened = gateway_named(address.gateway).open_address(key=address.id, currency=currency)
    with atomic("payments"):  # two at once may have opened two: one is kept, and nobody ever hears of the other
        kept = VirtualAddress.objects.filter(id=address.id, ref="")
        kept.update(ref=opened.ref, data=dict(opened.data))
    address.refresh_from_db()
    return address


def follow_credit(*, gateway: str, outcome: Outcome) -> bool:
    """Book what somebody paid to an address, once, whoever tells of it.

    What came to no address of ours, or in a currency that is not the address's, stands in suspense.
    """
    if not isinstance(outcome, Succeeded):
        return True  # nothing came
    facts, ours = outcome.facts, gateway_named(gateway).capabilities
    if (facts.account, facts.live) != (ours.account, ours.live):
        log.critical("credit_differs", gateway=gateway, ref=facts.ref)
        return True
    with atomic("payments"):
        # Two words of one credit at once: the second waits here, and finds it booked.
        found = VirtualAddress.objects.select_for_update().filter(gateway=gateway, ref=facts.of).exclude(ref="")
        address = found.filter(currency=facts.amount.currency).first()
        key = rules.charged(gateway, facts.ref)
        if not queries.is_posted(key):
            _book(gateway, facts, address, key=key)
    return True


# Private functions


def _stored(owner: str, purpose: str, currency: str) -> VirtualAddress:
    """Its row, made before it is opened, so that two at once make one."""
    named = {"owner": owner, "purpose": purpose, "currency": currency}
    if known := VirtualAddress.objects.filter(**named).first():
        return known
    gateway = next((name for name in names_offered() if currency in gateway_named(name).capabilities.addresses), None)
    if gateway is None:
        raise AddressNotOffered()
    with atomic("payments"):
        new = VirtualAddress(**named, gateway=gateway, ref="", created_at=clock.now())
        VirtualAddress.objects.bulk_create([new], ignore_conflicts=True)  # the unique index decides between two
    return VirtualAddress.objects.get(**named)


def _book(gateway: str, facts: Facts, address: VirtualAddress | None, *, key: str) -> None:
    mirror = Line(rules.gateway(gateway, facts.amount.currency), -facts.amount)
    if address is None:
        log.critical("credit_of_nobody", gateway=gateway, ref=facts.ref)
        to = Line(rules.suspense(gateway, facts.amount.currency), facts.amount)
        post(key=key, kind="suspense", lines=[mirror, to], reference={"line": facts.ref})
        return
    line = MoneyLine(owner=address.owner, purpose=address.purpose, amount=facts.amount)
    lines = [mirror, *journals.resolved([line], key=key)]
    post(key=key, kind="address_credit", lines=lines, reference={"address_id": str(address.id)})
    publish(
        AddressCredited(
            address_id=address.id,
            owner=address.owner,
            purpose=address.purpose,
            amount=facts.amount,
            credit=f"{gateway}:{facts.ref}",
            user_id=owners.user_of(address.owner) if owners.is_user(address.owner) else None,
        )
    )
