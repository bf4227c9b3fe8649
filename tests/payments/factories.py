"""Wallets with money in them, escrows and orders, made through the domain's own actions."""

from typing import Any
from uuid import UUID

import factory

from domains.payments import actions, queries, rules
from domains.payments.actions import Funding, Ruling, fee_plans
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Facts, Succeeded
from domains.payments.models import Deposit, Escrow, FeePlan, GatewayCommand, Payout
from kelmah.db import atomic
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
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    return by


def ordered_payout(by: Principal, amount: Money, account: str = "acct_success") -> tuple[Payout, GatewayCommand]:
    payout = actions.request_payout(by=by, amount=amount, gateway="sandbox", destination=account)
    return payout, GatewayCommand.objects.get(subject_id=payout.id)


def facts_of(command: GatewayCommand, **changes: Any) -> Facts:
    """What the provider says when it did just what was ordered, changed as told."""
    usual = {"ref": f"{command.kind[:2]}_{command.id.hex}", "key": command.id, "amount": command.amount}
    return Facts(**{**usual, "account": "kelmah", "live": False, **changes})


def ruling(reason: str = "seen on the provider's statement") -> Ruling:
    return Ruling(by=new_id(), reason=reason)


def move(source: str, target: str, amount: Money, *, key: str | None = None) -> int:
    """Post a transfer between two accounts, in a transaction of its own."""
    with atomic("payments"):
        lines = [Line(source, -amount), Line(target, amount)]
        return post(key=key or f"test:{new_id()}", kind="test", lines=lines, reference={})


def state_of(thing: Any) -> str:
    """Its state in the database, now."""
    return type(thing).objects.values_list("state", flat=True).get(pk=thing.pk)


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


def new_plan(**changes: Any) -> FeePlan:
    """A version proposed by one of the staff and approved by another."""
    terms = {"name": "standard", "basis_points": 1000, "review_hours": 336, "pending_hours": 0, **changes}
    proposed = fee_plans.propose(fee_plans.Terms(**terms), ruling=ruling("dearer"))
    return fee_plans.approve(plan_pk=proposed.pk, ruling=ruling("agreed"))


def is_waiting(user_id: UUID, currency: str = "GHS") -> int:
    return queries.balance_of(rules.pending(user_id, currency), currency).minor


def balance(account: str) -> int:
    """Of an account in cedis, in pesewas."""
    return queries.balance_of(account, "GHS").minor


def in_wallet(user_id: UUID, currency: str = "GHS") -> int:
    return queries.balance_of(rules.available(user_id, currency), currency).minor
