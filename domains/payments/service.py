"""The public service of payments."""

from uuid import UUID

from domains.payments import queries
from kelmah.interfaces.payments.calls import Payments
from kelmah.interfaces.payments.types import Escrow, WalletBalance


class PaymentsService(Payments):
    def wallet_of(self, *, user_id: UUID, currency: str) -> WalletBalance:
        wallet = queries.wallet_of(user_id, currency)
        return WalletBalance(user_id=user_id, available=wallet.available, pending=wallet.pending)

    def escrow_of(self, *, contract_ids: list[UUID]) -> list[Escrow]:
        return [
            Escrow(
                milestone_id=escrow.milestone_id,
                contract_id=escrow.contract_id,
                amount=escrow.amount,
                state=escrow.state,
            )
            for escrow in queries.escrows_of(contract_ids)
        ]
