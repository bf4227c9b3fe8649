"""JSON of exchanges."""

from typing import Any

from rest_framework import serializers

from domains.payments import rules
from domains.payments.models import ExchangeQuote
from kelmah import clock
from kelmah.http.fields import MoneyField
from kelmah.http.serializers import StrictSerializer
from kelmah.money import EXPONENTS


class QuoteIn(StrictSerializer):
    sell = MoneyField(max_amount=rules.LARGEST_AMOUNT)
    buy = serializers.ChoiceField(choices=sorted(EXPONENTS), help_text="A currency.")


class QuoteOut(serializers.Serializer):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=["accepted", "expired", "open"])
    available_transitions = serializers.ListField(child=serializers.CharField())
    sell = MoneyField()
    buy = MoneyField(help_text="What it buys, the platform's margin taken off.")
    rate = serializers.CharField(help_text="What one unit buys, the margin taken off.")
    market_rate = serializers.CharField(help_text="What one unit buys elsewhere, without it.")
    expires_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)


def render_quote(quote: ExchangeQuote) -> dict[str, Any]:
    state = quote.state_at(clock.now())
    return {
        "id": quote.id,
        "state": state,
        "available_transitions": ["accept"] if state == "open" else [],
        "sell": quote.sold.as_json(),
        "buy": quote.bought.as_json(),
        "rate": f"{quote.customer_rate:.6f}",
        "market_rate": f"{quote.rate:.6f}",
        "expires_at": quote.expires_at,
        "accepted_at": quote.accepted_at,
    }
