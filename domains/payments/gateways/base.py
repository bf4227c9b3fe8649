"""What every payment provider is asked, and what it may answer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from kelmah.money import Money


@dataclass(frozen=True, kw_only=True)
class Order:
    """What we want done. ``key`` is sent with every attempt, so that the provider does it once.

    ``kind`` is ``charge`` (to us) or ``payout`` (from us); ``instrument`` a token or an account at the provider.
    """

    key: UUID
    kind: str
    amount: Money
    instrument: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the provider says of one of its objects, now.

    ``ref`` is its name there, ``key`` that of our order (None: not made by us), ``amount`` what really moved,
    ``account`` the merchant it belongs to, ``live`` whether it is real money.
    """

    ref: str
    key: UUID | None
    amount: Money
    account: str
    live: bool


@dataclass(frozen=True, kw_only=True)
class Succeeded:
    """It is done."""

    facts: Facts


@dataclass(frozen=True, kw_only=True)
class Pending:
    """The provider has the order and will decide later."""

    facts: Facts


@dataclass(frozen=True, kw_only=True)
class Returned:
    """A payout that came back from the bank, perhaps days after it had succeeded."""

    facts: Facts
    code: str


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """Definitively not done, and never will be under this key. Without ``facts`` no object was made."""

    code: str
    facts: Facts | None = None


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Nobody can say: a time-out, an error of the provider, a broken connection. ``absent``: it has no such thing."""

    reason: str
    absent: bool = False


Outcome = Succeeded | Pending | Returned | Rejected | Unknown


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a webhook claims: something happened to the object ``ref`` of this kind. A hint to look, nothing more."""

    event_id: str
    account: str
    kind: str
    ref: str


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a provider can do. ``remembers_keys``: how long an order may be repeated without being done twice.

    ``account`` is our merchant account there, ``live`` whether it moves real money.
    """

    charges: frozenset[str]
    payouts: frozenset[str]
    remembers_keys: timedelta
    account: str
    live: bool


class Gateway(ABC):
    """One provider. Its methods talk to the network and are never called inside a transaction."""

    name: str
    capabilities: Capabilities

    @abstractmethod
    def submit(self, order: Order) -> Outcome:
        """Send the order, for the first time or again."""

    @abstractmethod
    def query(self, order: Order) -> Outcome:
        """What became of the order; Unknown with ``absent`` when the provider never saw it."""

    @abstractmethod
    def fetch(self, kind: str, ref: str) -> Outcome:
        """What the provider's own object says now; Unknown with ``absent`` when there is none."""

    @abstractmethod
    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """The claim of a webhook whose signature is good. Raises SignatureInvalid."""
