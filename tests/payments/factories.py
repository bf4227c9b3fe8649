"""Wallets with money in them, escrows and orders, made through the domain's own actions."""

from typing import Any
from uuid import UUID

import factory

from domains.payments import actions, rules
from domains.payments.actions.commands import settle_command
from domains.payments.actions.escrows import Funding
from domains.payments.gateways import Succeeded
from domains.payments.models import Deposit, Escrow, GatewayCommand
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.principal import Principal


def cedis(amount: float) -> Money:
    return Money(round(amount * 100), "GHS")


def somebody(user_id: UUID | None = None, role: str = "hirer") -> Principal:
    return Principal(user_id=user_id or new_id(), roles=frozenset({role}), session_id=new_id())


def ordered_deposit(by: Principal, amount: Money, token: str = "tok_success") -> tuple[Deposit, GatewayCommand]:
    deposit = actions.request_deposit(by=by, amount=amount, gateway="sandbox", instrument=token)
    return deposit, GatewayCommand.objects.get(subject_id=deposit.id)


def rich(amount: Money, user_id: UUID | None = None) -> Principal:
    """Somebody with this much in their wallet, paid in through a gateway that said yes."""
    by = somebody(user_id)
    _, command = ordered_deposit(by, amount)
    settle_command(command_id=command.id, outcome=Succeeded(ref=f"ch_{command.id}", amount=amount))
    return by


class FundingFactory(factory.Factory):
    class Meta:
        model = Funding

    milestone_id = factory.LazyFunction(new_id)
    contract_id = factory.LazyFunction(new_id)
    hirer_id = factory.LazyFunction(new_id)
    worker_id = factory.LazyFunction(new_id)
    title = "Cabinets fitted"
    amount = cedis(1250)
    fee_plan = "standard"
    request = 1


def funded_escrow(**changes: Any) -> Escrow:
    funding = FundingFactory(**changes)
    rich(funding.amount, funding.hirer_id)
    actions.fund_escrow(funding)
    return Escrow.objects.get(milestone_id=funding.milestone_id)


def in_wallet(user_id: UUID, currency: str = "GHS") -> int:
    from domains.payments import queries

    return queries.balance_of(rules.available(user_id, currency), currency).minor
