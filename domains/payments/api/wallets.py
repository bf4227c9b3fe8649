"""Wallets and their statements over REST."""

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from domains.payments import queries
from domains.payments.api.serializers.wallets import (
    StatementLine,
    StatementQuery,
    WalletOut,
    WalletQuery,
    WalletsOut,
    render_wallet,
)
from domains.payments.queries.statements import statement_page
from domains.payments.queries.wallets import wallets_of
from kelmah.http.cursors import read_cursor, read_limit, write_cursor
from kelmah.http.pagination import page_response
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

GHS = "GHS"


class Wallet(View):
    permission_classes = [Authenticated]

    @operation(
        summary="What I have, what is coming, what is protected in escrow, and what I owe",
        query=WalletQuery,
        response=WalletOut,
        example_response={
            "available": {"amount": 25000, "currency": GHS},
            "pending": {"amount": 0, "currency": GHS},
            "in_escrow": {"amount": 125000, "currency": GHS},
            "debt": {"amount": 0, "currency": GHS},
        },
    )
    def get(self, request: Request) -> Response:
        currency = valid(WalletQuery, request.query_params)["currency"]
        return Response(render_wallet(queries.wallet_of(request.user.user_id, currency)))


class Wallets(View):
    permission_classes = [Authenticated]

    @operation(
        summary="My wallets in all currencies",
        description="Those in which there is or was money.",
        response=WalletsOut,
        example_response={
            "items": [
                {
                    "available": {"amount": 25000, "currency": GHS},
                    "pending": {"amount": 0, "currency": GHS},
                    "in_escrow": {"amount": 125000, "currency": GHS},
                    "debt": {"amount": 0, "currency": GHS},
                },
            ],
        },
    )
    def get(self, request: Request) -> Response:
        return Response({"items": [render_wallet(wallet) for wallet in wallets_of(request.user.user_id)]})


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
