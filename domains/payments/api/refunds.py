"""Deposits that go back to where they came from, over REST."""

from uuid import UUID

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from domains.payments import queries, rules
from domains.payments.actions.refunds import request_refund
from domains.payments.api.serializers.refunds import RefundIn, RefundOut, render_refund
from domains.payments.queries import refunds
from kelmah.errors import NotFound
from kelmah.http.etag import with_etag
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Authenticated, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery, valid
from kelmah.http.views import View

REFUND = {
    "id": "01930d2e-0300-7a01-8a01-0a1b2c3d4e5f",
    "deposit_id": "01930d2e-0100-7a01-8a01-0a1b2c3d4e5f",
    "state": "processing",
    "version": 1,
    "available_transitions": [],
    "amount": {"amount": 50000, "currency": "GHS"},
    "failure": "",
    "created_at": "2026-11-20T09:00:00Z",
    "settled_at": None,
}


class DepositRefunds(View):
    """What of a deposit goes back, asked for by whoever paid it in; staff do it at their desk."""

    idempotency_required = True

    def get_permissions(self) -> list[BasePermission]:
        return [Can("payments.request_refund")() if self.request.method == "POST" else Authenticated()]

    @operation(
        summary="What of my deposit went back, newest first",
        query=PageQuery,
        response=RefundOut,
        errors=[NotFound],
        example_response={"items": [REFUND], "next": None},
    )
    def get(self, request: Request, deposit_id: UUID) -> Response:
        deposit = queries.access_deposit(deposit_id=deposit_id, by=request.user)
        return keyset_page(
            request,
            refunds.refunds_of(deposit.id),
            order=("-created_at", "-id"),
            render=render_refund,
            scope=f"refunds:{deposit.id}",
        )

    @operation(
        summary="Send my deposit, or a part of it, back to where I paid from",
        description="Only what is still in the wallet. It is held at once and gone when the provider has sent it; "
        "refused, it comes back to the wallet.",
        request=RefundIn,
        response=RefundOut,
        status=202,
        errors=[
            *(NotFound, rules.RefundTooLarge, rules.InsufficientFunds, rules.DisputeOpen, rules.DebtOutstanding),
            *(rules.PayoutsFrozen, rules.NotOffered),
        ],
        example_request={"amount": {"amount": 50000, "currency": "GHS"}},
        example_response=REFUND,
    )
    def post(self, request: Request, deposit_id: UUID) -> Response:
        wanted = valid(RefundIn, request.data)
        refund = request_refund(by=request.user, deposit_id=deposit_id, amount=wanted.get("amount"))
        return with_etag(Response(render_refund(refund), status=202), refund.version)


class RefundDetail(View):
    permission_classes = [Authenticated]

    @operation(
        summary="One of my refunds",
        response=RefundOut,
        errors=[NotFound],
        example_response={**REFUND, "state": "succeeded", "version": 2, "settled_at": "2026-11-20T09:00:03Z"},
    )
    def get(self, request: Request, refund_id: UUID) -> Response:
        refund = refunds.access_refund(refund_id=refund_id, by=request.user)
        return with_etag(Response(render_refund(refund)), refund.version)
