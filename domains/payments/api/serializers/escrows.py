"""JSON of protected funds."""

from typing import Any

from rest_framework import serializers

from domains.payments import rules
from domains.payments.models import Escrow
from kelmah.http.fields import MoneyField


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
