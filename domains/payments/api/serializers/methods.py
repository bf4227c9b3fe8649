"""JSON of payout methods."""

from typing import Any

from rest_framework import serializers

from domains.payments import rules
from domains.payments.api.serializers.instruments import DestinationField
from domains.payments.models import PayoutMethod
from kelmah.http.serializers import StrictSerializer


class PayoutMethodIn(StrictSerializer):
    destination = DestinationField()


class PayoutMethodOut(serializers.Serializer):
    id = serializers.UUIDField()
    type = serializers.CharField(help_text="The payment provider.")
    hint = serializers.CharField(help_text="The end of the account's number.")
    state = serializers.ChoiceField(choices=sorted(rules.METHOD.states))
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    usable_at = serializers.DateTimeField(help_text="Not before; and only while `active`.")


def render_method(method: PayoutMethod) -> dict[str, Any]:
    return {
        "id": method.id,
        "type": method.gateway,
        "hint": method.hint,
        "state": method.state,
        "version": method.version,
        "available_transitions": rules.METHOD.available(method.state, "owner"),
        "created_at": method.created_at,
        "usable_at": method.usable_at,
    }
