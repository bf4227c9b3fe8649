"""Payments that banks take back."""

from typing import Any
from uuid import UUID

from domains.payments.actions.chargebacks import follow_dispute
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Dispute, Succeeded
from domains.payments.models import Deposit, GatewayCommand
from kelmah.money import Money
from tests.payments.factories import facts_of, ordered_payout, somebody


def charge_of(user_id: UUID) -> GatewayCommand:
    deposit = Deposit.objects.get(user_id=user_id)
    return GatewayCommand.objects.get(kind="charge", subject_id=deposit.id)


def disputed(command: GatewayCommand, phase: str = "withdrawn", **changes: Any) -> bool:
    usual = {"ref": f"di_{command.id.hex}", "charge_ref": command.gateway_ref, "amount": command.amount}
    dispute = Dispute(**{**usual, "phase": phase, "account": "kelmah", "live": False, **changes})
    return follow_dispute(gateway="sandbox", dispute=dispute)


def emptied(user_id: UUID, amount: Money) -> None:
    """They have taken everything out."""
    _, command = ordered_payout(somebody(user_id), amount)
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
