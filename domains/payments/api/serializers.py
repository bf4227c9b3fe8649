"""JSON of payments, in and out."""

from typing import Any

from rest_framework import serializers

from domains.payments import rules
from domains.payments.models import Deposit, Escrow, Payout
from domains.payments.queries import Wallet
from kelmah.http.fields import MoneyField
from kelmah.http.serializers import PageQuery, StrictSerializer
from kelmah.money import EXPONENTS
from kelmah.transitions import StateTable

CURRENCIES = sorted(EXPONENTS)


class WalletQuery(StrictSerializer):
    currency = serializers.ChoiceField(choices=CURRENCIES, default="GHS")


class StatementQuery(PageQuery):
    currency = serializers.ChoiceField(choices=CURRENCIES, default="GHS")


class SandboxToken(StrictSerializer):
    type = serializers.ChoiceField(choices=["sandbox"])
    token = serializers.RegexField(r"^tok_[a-z_]{1,40}$")


class SandboxAccount(StrictSerializer):
    type = serializers.ChoiceField(choices=["sandbox"])
    account = serializers.RegexField(r"^acct_[a-z_]{1,40}$")


class DepositIn(StrictSerializer):
    amount = MoneyField(max_amount=rules.LARGEST_AMOUNT)
    method = SandboxToken()


class PayoutIn(StrictSerializer):
    amount = MoneyField(max_amount=rules.LARGEST_AMOUNT)
    destination = SandboxAccount()


class WalletOut(serializers.Serializer):
    available = MoneyField()
    pending = MoneyField()
    in_escrow = MoneyField()


class SignedMoney(serializers.Serializer):
    amount = serializers.IntegerField(help_text="Minor units; negative when money left the wallet.")
    currency = serializers.CharField()


class StatementLine(serializers.Serializer):
    id = serializers.CharField()
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    amount = SignedMoney()
    balance_after = SignedMoney()
    reference = serializers.DictField(help_text="What it was about: ids, and a title where there is one.")
    counterparty_id = serializers.UUIDField(allow_null=True, help_text="The other side of the work.")


class TransferOut(serializers.Serializer):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())
    amount = MoneyField()
    failure = serializers.CharField(help_text="Why it failed or is in review; empty otherwise.")
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


class DepositOut(TransferOut):
    state = serializers.ChoiceField(choices=sorted(rules.DEPOSIT.states))
    credited = MoneyField(allow_null=True, help_text="What reached the wallet.")


class PayoutOut(TransferOut):
    state = serializers.ChoiceField(choices=sorted(rules.PAYOUT.states))


class EscrowOut(serializers.Serializer):
    milestone_id = serializers.UUIDField()
    contract_id = serializers.UUIDField()
    title = serializers.CharField()
    amount = MoneyField()
    state = serializers.ChoiceField(choices=sorted(rules.ESCROW.states))
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())
    fee_plan = serializers.CharField()
    fee = MoneyField(help_text="What the platform takes, or will take, at release.")
    net = MoneyField(help_text="What the worker gets, or will get, at release.")
    funded_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


class InvariantOut(serializers.Serializer):
    invariant = serializers.CharField()
    holds = serializers.BooleanField()


class BooksOut(serializers.Serializer):
    in_order = serializers.BooleanField()
    invariants = InvariantOut(many=True)


def render_wallet(wallet: Wallet) -> dict[str, Any]:
    return {name: getattr(wallet, name).as_json() for name in ("available", "pending", "in_escrow")}


def render_deposit(deposit: Deposit) -> dict[str, Any]:
    credited = deposit.credited
    return {**_transfer(deposit, rules.DEPOSIT), "credited": credited.as_json() if credited else None}


def render_payout(payout: Payout) -> dict[str, Any]:
    return _transfer(payout, rules.PAYOUT)


def render_escrow(escrow: Escrow) -> dict[str, Any]:
    fee, net = rules.fee_split(escrow.amount, escrow.fee_basis_points)
    return {
        "milestone_id": escrow.milestone_id,
        "contract_id": escrow.contract_id,
        "title": escrow.title,
        "amount": escrow.amount.as_json(),
        "state": escrow.state,
        "version": escrow.version,
        "available_transitions": rules.ESCROW.available(escrow.state, "party"),
        "fee_plan": escrow.fee_plan,
        "fee": fee.as_json(),
        "net": net.as_json(),
        "funded_at": escrow.funded_at,
        "settled_at": escrow.settled_at,
    }


def _transfer(transfer: Deposit | Payout, states: StateTable) -> dict[str, Any]:
    return {
        "id": transfer.id,
        "state": transfer.state,
        "version": transfer.version,
        "available_transitions": states.available(transfer.state, "owner"),
        "amount": transfer.amount.as_json(),
        "failure": transfer.failure,
        "created_at": transfer.created_at,
        "settled_at": transfer.settled_at,
    }
