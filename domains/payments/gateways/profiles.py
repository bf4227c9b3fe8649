"""What a provider does that keeps records of people: their cards for the next time, and accounts to pay them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class SavedMethod:
    """An instrument that a payer left with the provider. ``expires``: year and month, ``2030-12``, or empty."""

    ref: str
    brand: str
    hint: str
    expires: str


class KeepsProfiles(ABC):
    """Everything talks to the network. Raises Unavailable where no answer comes, ProviderRefused for a definite no."""

    @abstractmethod
    def open_payer(self, *, key: UUID) -> str:
        """A record for somebody who pays, once per key; its name there."""

    @abstractmethod
    def begin_saving(self, *, payer: str) -> str:
        """A secret with which the payer's app leaves an instrument with the provider, past us."""

    @abstractmethod
    def saved(self, *, payer: str) -> list[SavedMethod]:
        """What the payer left there, newest first."""

    @abstractmethod
    def forget(self, *, payer: str, ref: str) -> bool:
        """Drop one of the payer's instruments; False when it is none of theirs."""

    @abstractmethod
    def close_payer(self, payer: str) -> None:
        """Drop the record with all of its instruments. Again is safe."""

    @abstractmethod
    def open_payee(self, *, key: UUID, country: str) -> str:
        """An account to be paid to, in a country (ISO 3166), once per key; its name there."""

    @abstractmethod
    def payee_page(self, payee: str) -> str:
        """Where its owner tells the provider who they are, and their bank: an address that works once, for minutes."""

    @abstractmethod
    def charged_through(self, *, payer: str, ref: str) -> str:
        """The instrument of an order that charges what the payer left there; of anybody else's it is refused."""
