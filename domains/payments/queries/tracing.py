"""From a thing of money to its transactions and its orders to gateways, and from a gateway's reference to the thing."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db.models import Q

from domains.payments.models import GatewayCommand, LedgerTransaction

# What the keys of transactions begin with, before an id.
_KEYED: Final = ("adjustment", "deposit", "dispute", "escrow", "exchange", "hold", "payout", "refund")
_MOST: Final = 100


def transactions_of(prefix: str, *, orders: Iterable[GatewayCommand] = ()) -> list[LedgerTransaction]:
    """Those whose business key begins so, or with what a gateway made of one of the orders; oldest first."""
    wanted = Q(idem__startswith=prefix)
    for order in orders:
        if order.gateway_ref:
            wanted |= Q(idem__startswith=f"{order.gateway}:{order.gateway_ref}:")
    return list(LedgerTransaction.objects.filter(wanted).order_by("id")[:_MOST])


def key_begins(term: str) -> Q:
    """Which transactions' keys begin so, or are about a thing with this id."""
    try:
        subject = UUID(term)
    except ValueError:
        return Q(idem__startswith=term)
    found = Q()
    for kind in _KEYED:
        found |= Q(idem__startswith=f"{kind}:{subject}")
    for order in orders_of(subject):
        if order.gateway_ref:  # money that came is booked under the name that the gateway gave it
            found |= Q(idem__startswith=f"{order.gateway}:{order.gateway_ref}:")
    return found


def orders_of(subject_id: UUID) -> list[GatewayCommand]:
    """Its orders to gateways: one of each kind at most."""
    kinds = ("charge", "payout", "refund")  # with the subject, the index has them
    return list(GatewayCommand.objects.filter(kind__in=kinds, subject_id=subject_id).order_by("id"))


def subjects_of(gateway_ref: str, *, gateways: Iterable[str]) -> list[UUID]:
    """What a gateway means by its reference."""
    kinds = ("charge", "payout", "refund")
    found = GatewayCommand.objects.filter(gateway__in=list(gateways), kind__in=kinds, gateway_ref=gateway_ref)
    return list(found.values_list("subject_id", flat=True))
