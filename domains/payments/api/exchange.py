"""Changing money into another currency, over REST."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.payments import rules
from domains.payments.actions import exchange
from domains.payments.api.serializers.exchange import QuoteIn, QuoteOut, render_quote
from domains.payments.queries.exchange import access_quote
from kelmah.errors import NotFound
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

QUOTE = {
    "id": "01930d2e-0300-7a03-8a03-0a1b2c3d4e61",
    "state": "open",
    "available_transitions": ["accept"],
    "sell": {"amount": 100000, "currency": "GHS"},
    "buy": {"amount": 9041, "currency": "USD"},
    "rate": "0.090411",
    "market_rate": "0.091324",
    "expires_at": "2026-11-20T09:01:00Z",
    "accepted_at": None,
}


class Quotes(View):
    permission_classes = [Authenticated]

    @operation(
        summary="What my money buys in another currency",
        description="Good for a minute. Nothing is set aside until I accept it.",
        request=QuoteIn,
        response=QuoteOut,
        status=201,
        errors=[rules.SameCurrency, rules.RateMissing, rules.AmountTooSmall],
        example_request={"sell": QUOTE["sell"], "buy": "USD"},
        example_response=QUOTE,
    )
    def post(self, request: Request) -> Response:
        wanted = valid(QuoteIn, request.data)
        quote = exchange.quote(by=request.user, sold=wanted["sell"], into=wanted["buy"])
        return Response(render_quote(quote), status=201)


class QuoteDetail(View):
    permission_classes = [Authenticated]

    @operation(summary="One of my quotes", response=QuoteOut, errors=[NotFound], example_response=QUOTE)
    def get(self, request: Request, quote_id: UUID) -> Response:
        return Response(render_quote(access_quote(quote_id=quote_id, by=request.user)))


class QuoteAcceptance(View):
    permission_classes = [Authenticated]
    idempotency_required = True

    @operation(
        summary="Change my money as quoted",
        response=QuoteOut,
        errors=[NotFound, rules.QuoteExpired, rules.InsufficientFunds],
        example_response={
            **QUOTE,
            "state": "accepted",
            "available_transitions": [],
            "accepted_at": "2026-11-20T09:00:20Z",
        },
    )
    def post(self, request: Request, quote_id: UUID) -> Response:
        return Response(render_quote(exchange.accept(by=request.user, quote_id=quote_id)))
