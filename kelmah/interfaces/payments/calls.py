"""What other domains may ask payments.

Beside questions there are orders here, as far as their answer decides what the caller does next. Each names what it is
about, so that the same order twice is carried out once.
"""

from abc import abstractmethod
from datetime import date, datetime
from typing import Final
from uuid import UUID

from kelmah.interfaces.payments.refusals import (
    AccountUnknown,
    AddressNotOffered,
    AmountTooSmall,
    CurrencyNotServed,
    DebtOutstanding,
    FundsFrozen,
    GatewayNotOffered,
    InsufficientFunds,
    LedgerKeyReused,
    LinesDoNotFit,
    MethodCoolingDown,
    MethodNotConfirmed,
    MoreThanHeld,
    NoReview,
    PartNumberTaken,
    PartTooLarge,
    PayeeRefused,
    PayoutInFlight,
    PayoutsFrozen,
    VerificationNeeded,
    WeekCharged,
    WeekNotOver,
)
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
from kelmah.rpc import Service, remote

PAYOUT_REFUSALS: Final = (
    *(AccountUnknown, PayeeRefused, MethodNotConfirmed, MethodCoolingDown, VerificationNeeded),
    *(AmountTooSmall, InsufficientFunds, PayoutInFlight, PayoutsFrozen, DebtOutstanding),
    *(GatewayNotOffered, CurrencyNotServed, LedgerKeyReused),
)


class Payments(Service, domain="payments", callers=("contracts",)):
    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def wallet_of(self, *, user_id: UUID, currency: str) -> WalletBalance:
        """The user's wallet in one currency: zero when they never had money in it."""

    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def escrow_of(self, *, contract_ids: list[UUID]) -> list[Escrow]:
        """Every escrow of these contracts, oldest first."""

    @remote(timeout=5.0, idempotent=True, raises=(PartTooLarge, PartNumberTaken, FundsFrozen))
    @abstractmethod
    def release_part(self, *, milestone_id: UUID, number: int, amount: Money) -> ProtectedFunds:
        """Part ``number`` (from 1) goes to the worker, less its share of the fee; less than what is held.

        Raises NotFound, PartTooLarge, PartNumberTaken, FundsFrozen, InvalidTransition, InvalidInput.
        """

    @remote(timeout=5.0, idempotent=True, raises=(MoreThanHeld, FundsFrozen))
    @abstractmethod
    def settle(self, *, milestone_id: UUID, to_worker: Money) -> ProtectedFunds:
        """So much of what is held to the worker, less the fee, the rest to the hirer, once. For what both agreed on.

        Raises NotFound, MoreThanHeld, FundsFrozen, InvalidTransition (settled otherwise, or disputed).
        """

    @remote(timeout=5.0, idempotent=True)
    @abstractmethod
    def freeze(self, *, dispute_id: UUID, milestone_id: UUID) -> ProtectedFunds:
        """What is held waits for the end of the dispute, and its clock stops. Before it is told to anybody.

        Raises NotFound, InvalidTransition (settled already, or in another dispute), Conflict.
        """

    @remote(timeout=5.0, idempotent=True)
    @abstractmethod
    def unfreeze(self, *, dispute_id: UUID) -> ProtectedFunds:
        """The dispute was withdrawn; the clock goes on with what it had left. Raises NotFound, InvalidTransition."""

    @remote(timeout=5.0, idempotent=True, raises=(MoreThanHeld, FundsFrozen))
    @abstractmethod
    def decide(self, *, dispute_id: UUID, to_worker: Money) -> ProtectedFunds:
        """So much of what is frozen to the worker, less the fee, the rest to the hirer, once.

        Raises NotFound, MoreThanHeld, FundsFrozen, InvalidTransition (withdrawn, or decided otherwise).
        """

    @remote(timeout=5.0, idempotent=True, raises=(NoReview,))
    @abstractmethod
    def start_review(self, *, milestone_id: UUID, submission: int) -> ProtectedFunds:
        """Work was handed in for the ``submission``th time: silence releases after the fee plan's hours.

        Not for milestones: contracts keeps their clock. Raises NotFound, InvalidTransition, NoReview.
        """

    @remote(timeout=5.0, idempotent=True)
    @abstractmethod
    def stop_review(self, *, milestone_id: UUID, submission: int) -> ProtectedFunds:
        """Changes were requested: the silence of this submission pays nothing any more. Raises NotFound."""

    @remote(timeout=5.0, idempotent=True, raises=(InsufficientFunds, WeekNotOver, WeekCharged))
    @abstractmethod
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
        """Protect what a week of hourly work costs; silence until its Friday, 23:59 UTC, releases it.

        From then on it is an escrow like others, named ``week_id``. Raises InsufficientFunds, WeekNotOver, WeekCharged.
        """

    @remote(timeout=5.0, idempotent=True, raises=(InsufficientFunds, LedgerKeyReused))
    @abstractmethod
    def hold(
        self, *, key: str, payer_id: UUID, amount: Money, purpose: str, source: str, expires_at: datetime | None = None
    ) -> HeldMoney:
        """Reserve money of somebody's wallet. ``source`` says of what (``trips.trip:<id>``); at ``expires_at`` what was
        not captured goes back. Raises InsufficientFunds, LedgerKeyReused (the key was used for something else).
        """

    @remote(timeout=5.0, idempotent=True, raises=(LinesDoNotFit, AccountUnknown))
    @abstractmethod
    def capture(self, *, key: str, lines: list[MoneyLine]) -> HeldMoney:
        """What is held goes where the lines say, once; what they leave goes back to the payer.

        Raises NotFound, LinesDoNotFit, AccountUnknown, InvalidTransition (captured otherwise, released, expired).
        """

    @remote(timeout=5.0, idempotent=True)
    @abstractmethod
    def release(self, *, key: str) -> HeldMoney:
        """All that is held goes back to the payer. Raises NotFound, InvalidTransition (it was captured)."""

    @remote(timeout=5.0, idempotent=True, raises=(InsufficientFunds, LedgerKeyReused, LinesDoNotFit, AccountUnknown))
    @abstractmethod
    def refund(self, *, key: str, refund_key: str, lines: list[MoneyLine]) -> HeldMoney:
        """Of what was captured under ``key``, the lines (all negative: who gives) go back to the payer.

        Raises NotFound, InvalidTransition, LinesDoNotFit (more than was captured), InsufficientFunds, LedgerKeyReused,
        AccountUnknown.
        """

    @remote(timeout=5.0, idempotent=True, raises=(InsufficientFunds, LedgerKeyReused, LinesDoNotFit, AccountUnknown))
    @abstractmethod
    def post(self, *, key: str, source: str, purpose: str, lines: list[MoneyLine]) -> None:
        """Post lines that sum to zero between owners' accounts, once.

        Raises LinesDoNotFit, AccountUnknown, InsufficientFunds, LedgerKeyReused.
        """

    @remote(timeout=8.0, idempotent=True, raises=PAYOUT_REFUSALS)
    @abstractmethod
    def payout(
        self, *, key: str, owner: str, purpose: str, amount: Money, payee_id: UUID, method_id: UUID, source: str
    ) -> OrderedPayout:
        """Pay what an owner has to a payout method of ``payee_id``, once; the same again says what became of it.

        The caller vouches that this money may become the payee's own (the owner of the fleet, proved afresh); payments
        asks of them what it asks of whoever empties their wallet. Of a user's money they are the payee. Refused by the
        provider, or back from the bank days later, it is the owner's again: another try has another key.

        Raises AccountUnknown, PayeeRefused, NotFound (no method of theirs), MethodNotConfirmed, MethodCoolingDown,
        VerificationNeeded, AmountTooSmall, InsufficientFunds, PayoutInFlight, PayoutsFrozen, DebtOutstanding,
        GatewayNotOffered, CurrencyNotServed, LedgerKeyReused.
        """

    @remote(timeout=2.0, idempotent=True, raises=(AccountUnknown,))
    @abstractmethod
    def balance_of(self, *, owner: str, purpose: str, currency: str) -> Money:
        """What an owner has for a purpose; below zero is owed. Raises AccountUnknown."""

    @remote(timeout=15.0, idempotent=True, raises=(AccountUnknown, AddressNotOffered))
    @abstractmethod
    def virtual_address(self, *, owner: str, purpose: str, currency: str) -> VirtualAddress:
        """Where anybody can pay into an owner's account, by bank or by code: opened on first use, then the same.

        What arrives is in the account once, as ``balance_of`` tells. Raises AccountUnknown, AddressNotOffered,
        Unavailable.
        """


payments = Payments.connect()
