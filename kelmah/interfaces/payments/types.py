"""What payments tells the other domains about money."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kelmah.money import Money


@dataclass(frozen=True, kw_only=True)
class WalletBalance:
    """What a user can spend now (``available``) and what is on its way (``pending``), in one currency."""

    user_id: UUID
    available: Money
    pending: Money


@dataclass(frozen=True, kw_only=True)
class Escrow:
    """The protected funds of one milestone. ``state`` is ``funded``, ``released`` or ``refunded``."""

    milestone_id: UUID
    contract_id: UUID
    amount: Money
    state: str


@dataclass(frozen=True, kw_only=True)
class ProtectedFunds:
    """What is held of an escrow and what left it. ``state``: funded, disputed, released, refunded or split.

    ``review_ends_at``: until then silence releases; None while no review runs.
    """

    milestone_id: UUID
    state: str
    held: Money
    released: Money
    refunded: Money
    review_ends_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class MoneyLine:
    """One leg of a posting: ``amount`` is added to what ``owner`` has for ``purpose``; negative, it is taken.

    ``owner`` is ``user:<id>``, ``<kind>:<id>`` of the asking domain's own, or ``platform``. Purposes payments knows:
    ``available`` and ``earnings`` of users (their wallet; of earnings, debts are paid first), ``receivable`` of users
    (what they owe, below zero), ``commission`` of the platform. All others are the asking domain's words.
    """

    owner: str
    purpose: str
    amount: Money


@dataclass(frozen=True, kw_only=True)
class HeldMoney:
    """Money reserved under ``key``. ``state``: held, captured, released or expired."""

    key: str
    state: str
    amount: Money
    captured: Money
    refunded: Money


@dataclass(frozen=True, kw_only=True)
class OrderedPayout:
    """A payout under ``key``, as it stands. ``state``: processing, paid, failed, returned (the bank sent it back) or
    in_review (staff look); ``failure`` says why. ``payout_id`` is how ``PayoutPaid`` and ``PayoutFailed`` name it."""

    payout_id: UUID
    key: str
    state: str
    amount: Money
    failure: str


@dataclass(frozen=True, kw_only=True)
class VirtualAddress:
    """Where anybody can pay into an owner's account. ``data``: the texts to show whoever pays, by name.

    Such as ``account_number`` and ``ifsc`` of a bank account, ``upi``, ``upi_link``, ``qr_code`` (an image's address).
    """

    owner: str
    purpose: str
    currency: str
    data: dict[str, str]
