"""What other domains may ask payments."""

from abc import abstractmethod
from uuid import UUID

from kelmah.interfaces.payments.types import Escrow, WalletBalance
from kelmah.rpc import Service, remote


class Payments(Service, domain="payments", callers=("contracts",)):
    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def wallet_of(self, *, user_id: UUID, currency: str) -> WalletBalance:
        """The user's wallet in one currency: zero when they never had money in it."""

    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def escrow_of(self, *, contract_ids: list[UUID]) -> list[Escrow]:
        """Every escrow of these contracts, oldest first."""


payments = Payments.connect()
