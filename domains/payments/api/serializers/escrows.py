"""JSON of protected funds."""

from typing import Any

from rest_framework import serializers

from domains.payments import rules
from domains.payments.models import Escrow
from kelmah.http.fields import MoneyField
from kelmah.money import Money


class EscrowOut(serializers.Serializer):
    milestone_id = serializers.UUIDField()
    contract_id = serializers.UUIDField()
    title = serializers.CharField()
    amount = MoneyField()
    state = serializers.ChoiceField(choices=sorted(rules.ESCROW.states))
    frozen = serializers.BooleanField(
        help_text="The hirer's bank has taken the payment back that this came from: a release waits until that is over."
    )
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())
    fee_plan = serializers.CharField()
    held = MoneyField(help_text="What is still protected, or frozen by a dispute.")
    released = MoneyField(help_text="What left for the worker's side so far, the platform's fee included.")
    refunded = MoneyField(help_text="What went back to the hirer.")
    fee = MoneyField(help_text="What the platform took, and will take if the worker gets all that is held.")
    net = MoneyField(help_text="What the worker got, and will get if all that is held is released.")
    review_ends_at = serializers.DateTimeField(
        allow_null=True, help_text="Until then the hirer can object; silence releases. Empty while no review runs."
    )
    funded_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


def render_escrow(escrow: Escrow, *, frozen: bool) -> dict[str, Any]:
    fee, net = rules.fee_split(escrow.released + escrow.held, escrow.fee_basis_points)
    return {
        "milestone_id": escrow.milestone_id,
        "contract_id": escrow.contract_id,
        "title": escrow.title,
        "amount": escrow.amount.as_json(),
        "state": escrow.state,
        "frozen": frozen,
        "version": escrow.version,
        "available_transitions": rules.ESCROW.available(escrow.state, "party"),
        "fee_plan": escrow.fee_plan,
        "held": escrow.held.as_json(),
        "released": escrow.released.as_json(),
        "refunded": Money(escrow.refunded_minor, escrow.currency).as_json(),
        "fee": fee.as_json(),
        "net": net.as_json(),
        "review_ends_at": escrow.review_ends_at,
        "funded_at": escrow.funded_at,
        "settled_at": escrow.settled_at,
    }
