"""JSON of deposits and payouts."""

from typing import Any

from rest_framework import serializers

from domains.payments import rules
from domains.payments.api.serializers.instruments import DestinationField, MethodField
from domains.payments.models import Deposit, Payout
from kelmah.http.fields import MoneyField, UUIDField
from kelmah.http.serializers import StrictSerializer
from kelmah.transitions import StateTable


class DepositIn(StrictSerializer):
    amount = MoneyField(max_amount=rules.LARGEST_AMOUNT)
    method = MethodField()


class PayoutIn(StrictSerializer):
    amount = MoneyField(max_amount=rules.LARGEST_AMOUNT)
    method_id = UUIDField(required=False, help_text="A payout method of mine.")
    destination = DestinationField(required=False, help_text="Instead of one, where no real money moves.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("method_id" in attrs) == ("destination" in attrs):
            raise serializers.ValidationError({"method_id": "Give either method_id or destination."})
        return attrs


class TransferOut(serializers.Serializer):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())
    amount = MoneyField()
    failure = serializers.CharField(help_text="Why it failed or is in review; empty otherwise.")
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


class NextActionOut(serializers.Serializer):
    """Besides ``kind``: the texts to show, by name, such as the ``url`` of a redirect."""

    kind = serializers.ChoiceField(choices=["redirect", "approve_on_phone", "bank_transfer", "qr_code"])
    url = serializers.CharField(required=False, help_text="Where to send the payer, for a redirect.")


class DepositOut(TransferOut):
    state = serializers.ChoiceField(choices=sorted(rules.DEPOSIT.states))
    credited = MoneyField(allow_null=True, help_text="What reached the wallet.")
    next_action = NextActionOut(allow_null=True, help_text="What the payer has to do now; null when nothing.")


class PayoutOut(TransferOut):
    state = serializers.ChoiceField(choices=sorted(rules.PAYOUT.states))
    method_id = serializers.UUIDField(allow_null=True)


def render_deposit(deposit: Deposit, *, next_action: dict[str, Any] | None = None) -> dict[str, Any]:
    credited = deposit.credited
    return {
        **_transfer(deposit, rules.DEPOSIT),
        "credited": credited.as_json() if credited else None,
        "next_action": next_action,
    }


def render_payout(payout: Payout) -> dict[str, Any]:
    return {**_transfer(payout, rules.PAYOUT), "method_id": payout.method_id}


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
