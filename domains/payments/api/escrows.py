"""Protected funds over REST."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.payments import queries
from domains.payments.api.serializers.escrows import EscrowOut, render_escrow
from domains.payments.queries import protected
from kelmah.errors import NotFound
from kelmah.http.etag import with_etag
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.views import View


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
            "amount": {"amount": 125000, "currency": "GHS"},
            "state": "funded",
            "frozen": False,
            "version": 1,
            "available_transitions": [],
            "fee_plan": "standard v1",
            "held": {"amount": 125000, "currency": "GHS"},
            "released": {"amount": 0, "currency": "GHS"},
            "refunded": {"amount": 0, "currency": "GHS"},
            "fee": {"amount": 12500, "currency": "GHS"},
            "net": {"amount": 112500, "currency": "GHS"},
            "review_ends_at": None,
            "funded_at": "2026-11-20T09:00:01Z",
            "settled_at": None,
        },
    )
    def get(self, request: Request, milestone_id: UUID) -> Response:
        escrow = queries.access_escrow(milestone_id=milestone_id, by=request.user)
        return with_etag(Response(render_escrow(escrow, frozen=protected.is_held_up(escrow))), escrow.version)
