"""Whether the books are in order, over REST."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.payments.api.serializers.books import BooksOut
from domains.payments.queries.invariants import INVARIANTS, contradictions
from kelmah.http.permissions import Can
from kelmah.http.schema import operation
from kelmah.http.views import View


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
