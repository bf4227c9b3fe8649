"""The public service of payments."""

from datetime import date, datetime
from uuid import UUID

from domains.payments import queries
from domains.payments.actions import addresses, disputes, escrows, holds, journals, payouts, reviews, weeks
from domains.payments.models import Escrow as EscrowRow
from domains.payments.models import MoneyHold
from domains.payments.rules import owners
from kelmah.interfaces.payments.calls import Payments
from kelmah.interfaces.payments.types import (
    Escrow,
    HeldMoney,
    MoneyLine,
    OrderedPayout,
    ProtectedFunds,
    VirtualAddress,
    WalletBalance,
)
from kelmah.money import Money


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

    def release_part(self, *, milestone_id: UUID, number: int, amount: Money) -> ProtectedFunds:
        return _funds(escrows.release_part(milestone_id=milestone_id, number=number, amount=amount))

    def settle(self, *, milestone_id: UUID, to_worker: Money) -> ProtectedFunds:
        return _funds(escrows.settle_escrow(milestone_id=milestone_id, to_worker=to_worker))

    def freeze(self, *, dispute_id: UUID, milestone_id: UUID) -> ProtectedFunds:
        return _funds(disputes.freeze(dispute_id=dispute_id, milestone_id=milestone_id))

    def unfreeze(self, *, dispute_id: UUID) -> ProtectedFunds:
        return _funds(disputes.unfreeze(dispute_id=dispute_id))

    def decide(self, *, dispute_id: UUID, to_worker: Money) -> ProtectedFunds:
        return _funds(disputes.decide(dispute_id=dispute_id, to_worker=to_worker))

    def start_review(self, *, milestone_id: UUID, submission: int) -> ProtectedFunds:
        return _funds(reviews.start_review(milestone_id=milestone_id, submission=submission))

    def stop_review(self, *, milestone_id: UUID, submission: int) -> ProtectedFunds:
        return _funds(reviews.stop_review(milestone_id=milestone_id, submission=submission))

    def charge_week(
        self,
        *,
        week_id: UUID,
        contract_id: UUID,
        hirer_id: UUID,
        worker_id: UUID,
        title: str,
        monday: date,
        amount: Money,
    ) -> ProtectedFunds:
        week = weeks.Week(
            week_id=week_id,
            contract_id=contract_id,
            hirer_id=hirer_id,
            worker_id=worker_id,
            title=title,
            monday=monday,
            amount=amount,
        )
        return _funds(weeks.charge_week(week))

    def hold(
        self, *, key: str, payer_id: UUID, amount: Money, purpose: str, source: str, expires_at: datetime | None = None
    ) -> HeldMoney:
        wanted = holds.Wanted(
            key=key, payer_id=payer_id, amount=amount, purpose=purpose, source=source, expires_at=expires_at
        )
        return _held(holds.hold(wanted))

    def capture(self, *, key: str, lines: list[MoneyLine]) -> HeldMoney:
        return _held(holds.capture(key=key, lines=lines))

    def release(self, *, key: str) -> HeldMoney:
        return _held(holds.release(key=key))

    def refund(self, *, key: str, refund_key: str, lines: list[MoneyLine]) -> HeldMoney:
        return _held(holds.refund(key=key, refund_key=refund_key, lines=lines))

    def post(self, *, key: str, source: str, purpose: str, lines: list[MoneyLine]) -> None:
        journals.post_lines(key=key, source=source, purpose=purpose, lines=lines)

    def payout(
        self, *, key: str, owner: str, purpose: str, amount: Money, payee_id: UUID, method_id: UUID, source: str
    ) -> OrderedPayout:
        wanted = payouts.Wanted(key=key, owner=owner, purpose=purpose, amount=amount, payee_id=payee_id, source=source)
        ordered = payouts.pay_out(wanted, method_id=method_id)
        return OrderedPayout(
            payout_id=ordered.id, key=key, state=ordered.state, amount=ordered.amount, failure=ordered.failure
        )

    def balance_of(self, *, owner: str, purpose: str, currency: str) -> Money:
        return queries.balance_of(owners.account_of(owner, purpose, currency, key=""), currency)

    def virtual_address(self, *, owner: str, purpose: str, currency: str) -> VirtualAddress:
        address = addresses.address_of(owner=owner, purpose=purpose, currency=currency)
        return VirtualAddress(owner=owner, purpose=purpose, currency=currency, data=address.data)


# Private functions


def _funds(escrow: EscrowRow) -> ProtectedFunds:
    return ProtectedFunds(
        milestone_id=escrow.milestone_id,
        state=escrow.state,
        held=escrow.held,
        released=escrow.released,
        refunded=Money(escrow.refunded_minor, escrow.currency),
        review_ends_at=escrow.review_ends_at,
    )


def _held(held: MoneyHold) -> HeldMoney:
    return HeldMoney(key=held.key, state=held.state, amount=held.amount, captured=held.captured, refunded=held.refunded)
