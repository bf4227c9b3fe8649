"""Reads of payments."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Sum

from domains.payments import rules
from domains.payments.models import (
    Deposit,
    Escrow,
    FeePlan,
    GatewayCommand,
    LedgerAccount,
    Payout,
)
from kelmah.errors import NotFound
from kelmah.money import Money
from kelmah.principal import Principal


def balance_of(key: str, currency: str) -> Money:
    """The balance of a ledger account; zero when it was never used."""
    account = LedgerAccount.objects.filter(key=key).first()
    return Money(account.balance if account else 0, currency)


def available_of(user_id: UUID, currency: str) -> Money:
    return balance_of(rules.available(user_id, currency), currency)


def pending_of(user_id: UUID, currency: str) -> Money:
    """What is on its way in: deposits that the gateway has not yet decided."""
    coming = Deposit.objects.filter(user_id=user_id, currency=currency, state="processing")
    return Money(coming.aggregate(sum=Sum("amount_minor"))["sum"] or 0, currency)


def protected_of(user_id: UUID, currency: str) -> Money:
    """What the user has in escrows that are not settled."""
    funded = Escrow.objects.filter(hirer_id=user_id, currency=currency, state="funded")
    return Money(funded.aggregate(sum=Sum("amount_minor"))["sum"] or 0, currency)


def escrows_of(contract_ids: Sequence[UUID]) -> list[Escrow]:
    return list(Escrow.objects.filter(contract_id__in=contract_ids).order_by("funded_at", "milestone_id"))


def access_escrow(*, milestone_id: UUID, by: Principal) -> Escrow:
    """An escrow for its two sides. Raises NotFound."""
    escrow = Escrow.objects.filter(milestone_id=milestone_id).first()
    if escrow is None or by.user_id not in (escrow.hirer_id, escrow.worker_id):
        raise NotFound("You have no such escrow.")
    return escrow


def access_deposit(*, deposit_id: UUID, by: Principal) -> Deposit:
    """One's own deposit. Raises NotFound."""
    deposit = Deposit.objects.filter(id=deposit_id, user_id=by.user_id).first()
    if deposit is None:
        raise NotFound("You have no such deposit.")
    return deposit


def access_payout(*, payout_id: UUID, by: Principal) -> Payout:
    """One's own payout. Raises NotFound."""
    payout = Payout.objects.filter(id=payout_id, user_id=by.user_id).first()
    if payout is None:
        raise NotFound("You have no such payout.")
    return payout


def fee_plan_in_force(name: str) -> FeePlan:
    """The newest version of a fee plan. Raises NotFound."""
    plan = FeePlan.objects.filter(name=name).order_by("-version").first()
    if plan is None:
        raise NotFound(f"There is no fee plan {name!r}.")
    return plan


def lock_command(command_id: UUID) -> GatewayCommand:
    """The command's row, locked until the transaction ends. Raises NotFound."""
    command = GatewayCommand.objects.select_for_update().filter(id=command_id).first()
    if command is None:
        raise NotFound("There is no such command.")
    return command
