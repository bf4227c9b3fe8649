"""What every payment provider is asked, and what it may answer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar
from uuid import UUID

from domains.payments.rules import NotOffered
from kelmah.money import Money


@dataclass(frozen=True, kw_only=True)
class Order:
    """What we want done. ``key`` is sent with every attempt, so that the provider does it once.

    ``kind`` is ``charge`` (to us), ``payout`` (from us) or ``refund`` (of the provider's charge ``of``, back to where
    it came from); ``instrument`` a token or an account at the provider. ``ref``: its name there, once we have heard it.
    """

    key: UUID
    kind: str
    amount: Money
    instrument: str
    of: str = ""
    ref: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the provider says of one of its objects, now.

    ``ref`` is its name there, ``key`` that of our order (None: not made by us), ``amount`` what really moved,
    ``account`` the merchant it belongs to, ``live`` whether it is real money. ``fee``: what the provider kept of it for
    itself, None when it doesn't say here. ``of``: the charge that a refund gives back, or the
    address to which a credit was paid.
    """

    ref: str
    key: UUID | None
    amount: Money
    account: str
    live: bool
    fee: Money | None = None
    of: str = ""


@dataclass(frozen=True, kw_only=True)
class NextAction:
    """What the payer has to do before the provider goes on.

    ``kind``: ``redirect`` (to ``url``), ``approve_on_phone``, ``bank_transfer`` or ``qr_code``; ``data``: the texts to
    show, by name.
    """

    kind: str
    data: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Succeeded:
    """It is done."""

    facts: Facts


@dataclass(frozen=True, kw_only=True)
class Pending:
    """The provider has the order and will decide later, perhaps once the payer has done the next step.

    ``ours``: the next step is ours, and ``query`` takes it.
    """

    facts: Facts
    next_action: NextAction | None = None
    ours: bool = False


@dataclass(frozen=True, kw_only=True)
class Returned:
    """A payout or refund that came back from the bank, perhaps days after it had succeeded."""

    facts: Facts
    code: str


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """Definitively not done, and never will be under this key. Without ``facts`` no object was made."""

    code: str
    facts: Facts | None = None


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Nobody can say: a time-out, an error of the provider, a broken connection.

    ``absent``: it has no such thing, or nothing can happen there but by sending the order again under its key.
    """

    reason: str
    absent: bool = False


Outcome = Succeeded | Pending | Returned | Rejected | Unknown


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Payouts of one currency that are sent in one call. ``key`` is sent with every attempt, with the same orders.

    ``again``: it was sent before, and nobody knows what became of it. ``ref``: its name there, once we have heard it.
    """

    key: UUID
    orders: Sequence[Order]
    again: bool = False
    ref: str = ""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The provider has the batch, as ``ref``. ``outcomes``: what it says of its orders, by key.

    ``apart``: from now on each order is followed, and what is not there sent again, by its own key, which keeps it
    from being done twice; then the batch needs no name.
    """

    outcomes: Mapping[UUID, Outcome]
    ref: str = ""
    apart: bool = False


# Rejected: none of its orders is done under the batch's key, or ever will be: each is asked about and sent alone, under
# its own. Unknown: it may have been taken.
BatchOutcome = Accepted | Rejected | Unknown


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a webhook claims: something happened to the object ``ref`` of this kind. A hint to look, nothing more.

    ``kind``: ``charge``, ``payout``, ``refund``, ``credit`` (somebody paid to an address) or ``dispute``; ``ref``: what
    ``fetch`` or ``fetch_dispute`` takes.
    ``key``: that of our order, when the webhook names it.
    """

    event_id: str
    account: str
    kind: str
    ref: str
    key: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """A payer's bank takes a charge back. ``amount``: how much of it, positive.

    ``phase``: ``inquiry`` (no money moved), ``closed`` (it is over, and none moved), ``withdrawn`` (the provider took
    it from us), ``reinstated`` (we have it again) or ``lost`` (it stays taken).
    """

    ref: str
    charge_ref: str
    amount: Money
    phase: str
    account: str
    live: bool


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """One movement of our balance at the provider. ``line_id`` is unique there and never used again.

    ``kind``: ``charge``, ``payout``, ``refund``, ``credit``, ``fee``, ``dispute`` or ``adjustment``; ``ref`` the
    provider's object, ``key`` our order (None: not named). ``amount`` is signed as it changes our balance, before
    ``fee``, which is what the provider kept of it.
    """

    line_id: str
    kind: str
    ref: str
    key: UUID | None
    amount: Money
    fee: Money | None
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a provider can do: what is not said here is refused with NotOffered.

    ``charges`` and ``payouts``: the currencies. ``remembers_keys``: how long an order may be repeated without being
    done twice. ``account`` is our merchant account there, ``live`` whether it moves real money. ``refunds``: ``none``,
    ``full`` (the whole charge, once) or ``partial``. ``webhooks``: ``signed``, ``unsigned`` or ``none``. ``queries``:
    whether an order can be asked about by its key alone; if not, one whose ``ref`` was never heard is sent again.
    ``addresses``: the currencies in which anybody can pay to addresses of ours there. ``payouts_per_batch``: how many
    payouts one call takes; 0: it takes them one by one.
    """

    charges: frozenset[str]
    payouts: frozenset[str]
    remembers_keys: timedelta
    account: str
    live: bool
    refunds: str = "none"
    webhooks: str = "signed"
    statements: bool = False
    names: bool = False
    disputes: bool = False
    balances: bool = False
    queries: bool = True
    addresses: frozenset[str] = frozenset()
    payouts_per_batch: int = 0


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where anybody can pay to us: its name there, and the texts to show whoever pays, by name."""

    ref: str
    data: Mapping[str, str]


class Gateway(ABC):
    """One provider. Its methods talk to the network and are never called inside a transaction.

    ``secrets``: the settings without which it can't be offered.
    """

    name: ClassVar[str]
    secrets: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What it can do for us, here, as its settings say."""

    @abstractmethod
    def submit(self, order: Order) -> Outcome:
        """Send the order, for the first time or again."""

    @abstractmethod
    def query(self, order: Order) -> Outcome:
        """What became of the order; Unknown with ``absent`` when the provider never saw it.

        Asked about orders that are undecided only: it may take the next step of one that the payer has approved.
        """

    @abstractmethod
    def fetch(self, kind: str, ref: str) -> Outcome:
        """What the provider's own object says now; Unknown with ``absent`` when there is none."""

    @abstractmethod
    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """The claim of a webhook; None when it is about nothing that we follow.

        Raises SignatureInvalid, which an unsigned one raises only when it can't be read, and NotOffered.
        """

    def submit_payouts(self, batch: Batch) -> BatchOutcome:
        """Send the batch, for the first time or again under its key: each order is done once. Raises NotOffered.

        What may have been taken by an earlier attempt is never Rejected: its orders would go a second time.
        """
        raise NotOffered()

    def query_payouts(self, batch: Batch) -> BatchOutcome:
        """What became of a batch whose ``ref`` was heard. Raises NotOffered."""
        raise NotOffered()

    def fetch_dispute(self, ref: str) -> Dispute | Unknown:
        """What the provider says of a dispute now. Raises NotOffered."""
        raise NotOffered()

    def statement(self, day: date) -> list[StatementLine]:
        """Every movement of our balance on this day (UTC), oldest first. Raises NotOffered, Unavailable."""
        raise NotOffered()

    def balance(self) -> list[Money]:
        """What the provider holds for us, available or still clearing: one amount per currency.

        Raises NotOffered, Unavailable.
        """
        raise NotOffered()

    def name_of(self, instrument: str) -> str:
        """The name of the account's holder, as the provider knows it; empty when there is no such account.

        Raises NotOffered, Unavailable.
        """
        raise NotOffered()

    def open_address(self, *, key: UUID, currency: str) -> Address:
        """An address under our key. Raises NotOffered, ProviderRefused, Unavailable."""
        raise NotOffered()
