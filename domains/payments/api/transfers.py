"""Deposits and payouts over REST."""

from uuid import UUID

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from domains.payments import actions, queries, rules
from domains.payments.actions import payouts, profiles
from domains.payments.api.serializers.transfers import (
    DepositIn,
    DepositOut,
    PayoutIn,
    PayoutOut,
    render_deposit,
    render_payout,
)
from domains.payments.queries.objects import payouts_of
from kelmah.errors import NotFound
from kelmah.http.etag import with_etag
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Authenticated, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery, valid
from kelmah.http.views import View

DEPOSIT = {
    "id": "01930d2e-0100-7a01-8a01-0a1b2c3d4e5f",
    "state": "processing",
    "version": 1,
    "available_transitions": [],
    "amount": {"amount": 150000, "currency": "GHS"},
    "failure": "",
    "created_at": "2026-11-20T09:00:00Z",
    "settled_at": None,
    "credited": None,
    "next_action": None,
}
PAYOUT = {name: value for name, value in DEPOSIT.items() if name not in ("credited", "next_action")} | {
    "amount": {"amount": 50000, "currency": "GHS"},
    "method_id": "01930d2e-0200-7a02-8a02-0a1b2c3d4e60",
}


class DepositCreate(View):
    permission_classes = [Authenticated]
    idempotency_required = True

    @operation(
        summary="Put money into my wallet",
        description="Answers 202: the payment provider decides. Look again, or wait for the notification.",
        request=DepositIn,
        response=DepositOut,
        status=202,
        errors=[rules.GatewayNotOffered, rules.CurrencyNotServed, NotFound],
        example_request={
            "amount": {"amount": 150000, "currency": "GHS"},
            "method": {"type": "sandbox", "token": "tok_success"},
        },
        example_response=DEPOSIT,
    )
    def post(self, request: Request) -> Response:
        wanted = valid(DepositIn, request.data)
        method = wanted["method"]
        instrument = method.text
        if method.saved:
            instrument = profiles.charged_through(by=request.user, gateway=method.gateway, ref=method.text)
        deposit = actions.request_deposit(
            by=request.user, amount=wanted["amount"], gateway=method.gateway, instrument=instrument
        )
        return with_etag(Response(render_deposit(deposit), status=202), deposit.version)


class DepositDetail(View):
    permission_classes = [Authenticated]

    @operation(summary="One of my deposits", response=DepositOut, errors=[NotFound], example_response=DEPOSIT)
    def get(self, request: Request, deposit_id: UUID) -> Response:
        deposit = queries.access_deposit(deposit_id=deposit_id, by=request.user)
        shown = render_deposit(deposit, next_action=queries.next_action_of(deposit))
        return with_etag(Response(shown), deposit.version)


class Payouts(View):
    """Mine; asking for one needs the right to, and a fresh proof of who I am."""

    idempotency_required = True
    needs_fresh_proof = True

    def get_permissions(self) -> list[BasePermission]:
        return [Can("payments.request_payout")() if self.request.method == "POST" else Authenticated()]

    @operation(
        summary="My payouts, newest first",
        query=PageQuery,
        response=PayoutOut,
        example_response={"items": [{**PAYOUT, "state": "paid", "version": 2}], "next": None},
    )
    def get(self, request: Request) -> Response:
        mine = payouts_of(request.user.user_id)
        return keyset_page(request, mine, order=("-created_at", "-id"), render=render_payout, scope="payouts")

    @operation(
        summary="Take money out of my wallet",
        description=(
            "The amount is held at once and leaves when the provider has paid; refused, it comes back. It goes to a "
            "payout method of mine; providers that move no real money also take a `destination`."
        ),
        request=PayoutIn,
        response=PayoutOut,
        status=202,
        errors=[
            *(
                rules.InsufficientFunds,
                rules.AmountTooSmall,
                rules.PayoutInFlight,
                rules.PayoutsFrozen,
                rules.DebtOutstanding,
            ),
            *(rules.GatewayNotOffered, rules.CurrencyNotServed, NotFound, rules.MethodNotConfirmed),
            *(rules.MethodCoolingDown, rules.MethodNeeded, rules.VerificationNeeded),
        ],
        example_request={"amount": {"amount": 50000, "currency": "GHS"}, "method_id": PAYOUT["method_id"]},
        example_response=PAYOUT,
    )
    def post(self, request: Request) -> Response:
        wanted = valid(PayoutIn, request.data)
        if method_id := wanted.get("method_id"):
            payout = payouts.request_payout_to(by=request.user, amount=wanted["amount"], method_id=method_id)
        else:
            to = wanted["destination"]
            payout = payouts.request_payout(
                by=request.user, amount=wanted["amount"], gateway=to.gateway, destination=to.text
            )
        return with_etag(Response(render_payout(payout), status=202), payout.version)


class PayoutDetail(View):
    permission_classes = [Authenticated]

    @operation(
        summary="One of my payouts",
        response=PayoutOut,
        errors=[NotFound],
        example_response={**PAYOUT, "state": "paid", "version": 2, "settled_at": "2026-11-20T09:00:03Z"},
    )
    def get(self, request: Request, payout_id: UUID) -> Response:
        payout = queries.access_payout(payout_id=payout_id, by=request.user)
        return with_etag(Response(render_payout(payout)), payout.version)
