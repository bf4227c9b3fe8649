"""Wallets, escrows and webhooks over REST."""

from uuid import UUID

import orjson
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from domains.payments import actions, queries, rules
from domains.payments.api.serializers import (
    BooksOut,
    EscrowOut,
    StatementLine,
    StatementQuery,
    WalletOut,
    WalletQuery,
    render_escrow,
    render_wallet,
)
from domains.payments.queries.invariants import INVARIANTS, contradictions
from domains.payments.queries.statements import statement_page
from kelmah.errors import NotFound
from kelmah.http.cursors import read_cursor, read_limit, write_cursor
from kelmah.http.etag import with_etag
from kelmah.http.pagination import page_response
from kelmah.http.permissions import Anyone, Authenticated, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

GHS = "GHS"


class Wallet(View):
    permission_classes = [Authenticated]

    @operation(
        summary="What I have, what is coming, and what is protected in escrow",
        query=WalletQuery,
        response=WalletOut,
        example_response={
            "available": {"amount": 25000, "currency": GHS},
            "pending": {"amount": 0, "currency": GHS},
            "in_escrow": {"amount": 125000, "currency": GHS},
        },
    )
    def get(self, request: Request) -> Response:
        currency = valid(WalletQuery, request.query_params)["currency"]
        return Response(render_wallet(queries.wallet_of(request.user.user_id, currency)))


class Statement(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Every change of my wallet, newest first",
        query=StatementQuery,
        response=StatementLine,
        page=True,
        example_response={
            "items": [
                {
                    "id": "41.2",
                    "at": "2026-11-20T09:00:01.000000Z",
                    "kind": "escrow_release",
                    "amount": {"amount": 112500, "currency": GHS},
                    "balance_after": {"amount": 112500, "currency": GHS},
                    "reference": {"milestone_id": "01930d2c-7a51-7c07-9c53-6f1b6e5b8c21", "title": "Cabinets fitted"},
                    "counterparty_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02",
                }
            ],
            "next": None,
        },
    )
    def get(self, request: Request) -> Response:
        currency = valid(StatementQuery, request.query_params)["currency"]
        scope = f"statement:{currency}"
        after = read_cursor(request, scope)
        lines, before = statement_page(
            user_id=request.user.user_id,
            currency=currency,
            before=after[0] if after else None,
            limit=read_limit(request),
        )
        cursor = write_cursor(request, scope, [before]) if before else None
        return page_response(request, orjson.Fragment(lines), next_cursor=cursor)


class EscrowDetail(View):
    permission_classes = [Authenticated]

    @operation(
        summary="The protected funds of a milestone, for its two sides",
        response=EscrowOut,
        errors=[NotFound],
        example_response={
            "milestone_id": "01930d2c-7a51-7c07-9c53-6f1b6e5b8c21",
            "contract_id": "01930d2c-6f00-7d3a-8f0a-0d6c1d6f2b11",
            "title": "Cabinets fitted",
            "amount": {"amount": 125000, "currency": GHS},
            "state": "funded",
            "version": 1,
            "available_transitions": [],
            "fee_plan": "standard v1",
            "fee": {"amount": 12500, "currency": GHS},
            "net": {"amount": 112500, "currency": GHS},
            "funded_at": "2026-11-20T09:00:01Z",
            "settled_at": None,
        },
    )
    def get(self, request: Request, milestone_id: UUID) -> Response:
        escrow = queries.access_escrow(milestone_id=milestone_id, by=request.user)
        return with_etag(Response(render_escrow(escrow)), escrow.version)


class RawBody(BaseParser):
    """Signatures are over bytes: the body is not parsed."""

    media_type = "*/*"


class SandboxWebhook(View):
    """Where the sandbox provider tells us that something happened."""

    permission_classes = [Anyone]
    authentication_classes = []
    parser_classes = [RawBody]
    idempotency_domain = ""  # the event's own id is the key
    rate_class = "webhook"

    @operation(
        summary="A signed event of the sandbox provider",
        description="`Sandbox-Signature: t=<unix time>,v1=<hex HMAC-SHA256 of t.body>`. Repeats are no-ops.",
        request={"application/json": dict},
        response=None,
        status=200,
        errors=[rules.SignatureInvalid, rules.GatewayNotOffered],
    )
    def post(self, request: Request) -> Response:
        actions.receive_webhook(gateway="sandbox", headers=request.headers, body=request._request.body)
        return Response(status=200)


class LedgerCheck(View):
    permission_classes = [Can("payments.check_books")]

    @operation(
        summary="Whether the books are in order (finance)",
        response=BooksOut,
        example_response={
            "in_order": True,
            "invariants": [{"invariant": name, "holds": True} for name in INVARIANTS],
        },
    )
    def get(self, request: Request) -> Response:
        broken = {found.invariant for found in contradictions()}
        invariants = [{"invariant": name, "holds": name not in broken} for name in INVARIANTS]
        return Response({"in_order": not broken, "invariants": invariants})
