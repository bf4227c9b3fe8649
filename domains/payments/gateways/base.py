"""What every payment provider is asked, and what it may answer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
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
class Succeeded:
    """It is done. ``amount`` is what really moved; ``ref`` the provider's object."""

    ref: str
    amount: Money


@dataclass(frozen=True, kw_only=True)
class Pending:
    """The provider has the order and will decide later."""

    ref: str


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """Definitively not done, and never will be under this key."""

    code: str
    ref: str = ""


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Nobody can say: a time-out, an error of the provider, a broken connection. ``absent``: it has no such order."""

    reason: str
    absent: bool = False


Outcome = Succeeded | Pending | Rejected | Unknown


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a webhook claims: something happened to our order ``key``."""

    event_id: str
    kind: str
    key: UUID


class Gateway(ABC):
    """One provider. Methods talk to the network and are never called inside a transaction."""

    name: str

    @abstractmethod
    def submit(self, order: Order) -> Outcome:
        """Send the order, for the first time or again."""

    @abstractmethod
    def query(self, order: Order) -> Outcome:
        """What became of the order; Unknown with ``absent`` when the provider never saw it."""

    @abstractmethod
    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """The claim of a webhook whose signature is good. Raises SignatureInvalid."""
