"""JSON of refunds."""

from typing import Any

from rest_framework import serializers

from domains.payments import rules
from domains.payments.models import Refund
from kelmah.http.fields import MoneyField
from kelmah.http.serializers import StrictSerializer


class RefundIn(StrictSerializer):
    amount = MoneyField(
        max_amount=rules.LARGEST_AMOUNT, required=False, help_text="A part; without it, whatever is left."
    )


class RefundOut(serializers.Serializer):
    id = serializers.UUIDField()
    deposit_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=sorted(rules.REFUND.states))
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())
    amount = MoneyField()
    failure = serializers.CharField(help_text="Why it failed or is in review; empty otherwise.")
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


def render_refund(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "deposit_id": refund.deposit_id,
        "state": refund.state,
        "version": refund.version,
        "available_transitions": rules.REFUND.available(refund.state, "owner"),
        "amount": refund.amount.as_json(),
        "failure": refund.failure,
        "created_at": refund.created_at,
        "settled_at": refund.settled_at,
    }
