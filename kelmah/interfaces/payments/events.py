"""Facts about money. Escrow events of one contract keep their order, as do a user's wallet events."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kelmah.events.event import Event
from kelmah.interfaces.privacy import Answered
from kelmah.money import Money


@dataclass(frozen=True, kw_only=True)
class EscrowFunded(Event, domain="payments", key="contract_id", to=("contracts", "messaging")):
    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    amount: Money
    request: int


@dataclass(frozen=True, kw_only=True)
class EscrowFundingFailed(Event, domain="payments", key="contract_id", to=("contracts", "messaging")):
    """The milestone could not be funded; ``reason`` is an error code such as ``insufficient_funds``. No money moved."""

    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    amount: Money
    reason: str
    request: int


@dataclass(frozen=True, kw_only=True)
class EscrowReleased(Event, domain="payments", key="contract_id", to=("contracts", "messaging")):
    """The worker is paid: ``gross`` left the escrow, ``fee`` went to the platform, ``net`` to the worker.

    Of the whole milestone: parts released before are counted in.
    """

    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    gross: Money
    fee: Money
    net: Money


@dataclass(frozen=True, kw_only=True)
class EscrowPartReleased(Event, domain="payments", key="contract_id", to=("contracts", "messaging")):
    """Part ``number`` of a milestone was paid; the rest is still protected. ``week``: of hourly work, by its Monday."""

    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    number: int
    gross: Money
    fee: Money
    net: Money
    week: date | None = None


@dataclass(frozen=True, kw_only=True)
class EscrowRefunded(Event, domain="payments", key="contract_id", to=("contracts", "messaging")):
    """Of ``amount``, ``refunded`` went back to the hirer's wallet and ``gross`` (less ``fee``: ``net``) to the worker,
    parts released before counted in. ``gross`` is zero when everything went back. ``week`` as above."""

    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    amount: Money
    refunded: Money
    gross: Money
    fee: Money
    net: Money
    week: date | None = None


@dataclass(frozen=True, kw_only=True)
class WeekReleased(Event, domain="payments", key="contract_id", to=("contracts", "messaging")):
    """A week of hourly work is paid, by approval or by silence; ``net`` can be spent after the pending period."""

    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    week: date
    gross: Money
    fee: Money
    net: Money


@dataclass(frozen=True, kw_only=True)
class PaymentSucceeded(Event, domain="payments", key="user_id", to=("messaging",)):
    """A deposit arrived in the user's wallet."""

    payment_id: UUID
    user_id: UUID
    amount: Money


@dataclass(frozen=True, kw_only=True)
class PaymentFailed(Event, domain="payments", key="user_id", to=("messaging",)):
    """A deposit was definitively refused; nothing was credited."""

    payment_id: UUID
    user_id: UUID
    amount: Money
    reason: str


@dataclass(frozen=True, kw_only=True)
class PayoutPaid(Event, domain="payments", key="user_id", to=("messaging",)):
    """The provider has paid to an account of the user's what ``owner`` had for ``purpose``; ``source`` is the word of
    the domain that ordered it. All three are empty in events of before there were any but out of the user's wallet.
    """

    payout_id: UUID
    user_id: UUID
    amount: Money
    owner: str = ""
    purpose: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class PayoutFailed(Event, domain="payments", key="user_id", to=("messaging",)):
    """A payout was definitively refused, or came back from the bank after it was paid; the amount is again where it
    was: in the wallet, or what ``owner`` has for ``purpose``; these and ``source`` are those of ``PayoutPaid``."""

    payout_id: UUID
    user_id: UUID
    amount: Money
    reason: str
    owner: str = ""
    purpose: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class AddressCredited(Event, domain="payments", key="owner", to=("messaging",)):
    """Somebody paid ``amount`` to an owner's address, and it is what ``owner`` has for ``purpose`` (of ``earnings``,
    debts were paid first). ``credit`` names it at the provider: one payment is told once. ``user_id``: who the owner
    is, if it is a user."""

    address_id: UUID
    owner: str
    purpose: str
    amount: Money
    credit: str
    user_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class PayoutMethodAdded(Event, domain="payments", key="user_id", to=("messaging",)):
    """Somebody, who proved to be the user, added an account to be paid to; ``hint`` is its end."""

    method_id: UUID
    user_id: UUID
    gateway: str
    hint: str
    usable_at: datetime


@dataclass(frozen=True, kw_only=True)
class PayoutMethodDecided(Event, domain="payments", key="user_id", to=("messaging",)):
    """Staff looked at a payout method whose name differed, and ``accepted`` it or refused it."""

    method_id: UUID
    user_id: UUID
    gateway: str
    hint: str
    accepted: bool


@dataclass(frozen=True, kw_only=True)
class RefundCompleted(Event, domain="payments", key="user_id", to=("messaging",)):
    """A deposit, or a part of it, went back to where it came from."""

    refund_id: UUID
    user_id: UUID
    amount: Money


@dataclass(frozen=True, kw_only=True)
class RefundFailed(Event, domain="payments", key="user_id", to=("messaging",)):
    """A refund was refused, or came back later; the amount is where it was before, usually in the wallet."""

    refund_id: UUID
    user_id: UUID
    amount: Money
    reason: str


@dataclass(frozen=True, kw_only=True)
class ChargebackOpened(Event, domain="payments", key="user_id", to=("messaging",)):
    """The bank of whoever paid in took a deposit back; it was taken from their wallet, or is owed by them."""

    chargeback_id: UUID
    user_id: UUID
    amount: Money


@dataclass(frozen=True, kw_only=True)
class ChargebackWon(Event, domain="payments", key="user_id", to=("messaging",)):
    """What the bank had taken back came again."""

    chargeback_id: UUID
    user_id: UUID
    amount: Money


@dataclass(frozen=True, kw_only=True)
class PersonAnswered(Answered, Event, domain="payments", key="user_id", to=("identity",)):
    """What payments did for a request about somebody's data."""
