"""Wallet statements of a period over REST: to read, to calculate with, to keep."""

from typing import Any, Final

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from domains.payments import rules
from domains.payments.api.serializers.periods import PeriodOut, PeriodQuery, render_period, table_of
from domains.payments.queries.periods import PeriodStatement, period_statement
from kelmah.documents import as_csv, as_pdf
from kelmah.errors import Unavailable
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View
from kelmah.interfaces.identity.calls import identity

MOST_LINES: Final = 10_000
MOST_ON_PAPER: Final = 2_000


class _Period(View):
    permission_classes = [Authenticated]
    rate_class = "search"

    def _statement(self, request: Request, *, most: int = MOST_LINES) -> PeriodStatement:
        return period_statement(user_id=request.user.user_id, most=most, **valid(PeriodQuery, request.query_params))


class PeriodStatements(_Period):
    @operation(
        summary="My wallet between two days",
        query=PeriodQuery,
        response=PeriodOut,
        errors=[rules.StatementTooLong],
        example_response={
            "first": "2026-11-01",
            "last": "2026-11-30",
            "opening": {"amount": 0, "currency": "GHS"},
            "came_in": {"amount": 112500, "currency": "GHS"},
            "went_out": {"amount": 0, "currency": "GHS"},
            "closing": {"amount": 112500, "currency": "GHS"},
            "movements": [
                {
                    "id": "41.2",
                    "at": "2026-11-20T09:00:01Z",
                    "kind": "escrow_release",
                    "title": "Cabinets fitted",
                    "amount": {"amount": 112500, "currency": "GHS"},
                    "balance": {"amount": 112500, "currency": "GHS"},
                }
            ],
        },
    )
    def get(self, request: Request) -> Response:
        return Response(render_period(self._statement(request)))


class _File(_Period):
    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """The address says which form it is, whatever ``Accept`` says; a refusal is JSON."""
        return super().perform_content_negotiation(request, force=True)


class PeriodCsv(_File):
    @operation(
        summary="My wallet between two days, as CSV",
        description="Amounts with a decimal point and as many digits as the currency has; the oldest line first.",
        query=PeriodQuery,
        response={"text/csv": str},
        errors=[rules.StatementTooLong],
    )
    def get(self, request: Request) -> HttpResponse:
        statement = self._statement(request)
        return _file(as_csv(table_of(statement, of="")), statement, kind="csv", media_type="text/csv; charset=utf-8")


class PeriodPdf(_File):
    @operation(
        summary="My wallet between two days, as PDF",
        description="In the language of the request.",
        query=PeriodQuery,
        response={"application/pdf": bytes},
        errors=[rules.StatementTooLong],
    )
    def get(self, request: Request) -> HttpResponse:
        statement = self._statement(request, most=MOST_ON_PAPER)
        paper = as_pdf(table_of(statement, of=_name(request)))
        return _file(paper, statement, kind="pdf", media_type="application/pdf")


# Private functions


def _name(request: Request) -> str:
    try:
        people = identity.people(ids=[request.user.user_id])
    except Unavailable:
        return ""  # a statement without a name is better than none
    return people[0].display_name if people else ""


def _file(content: bytes, statement: PeriodStatement, *, kind: str, media_type: str) -> HttpResponse:
    name = f"kelmah-{statement.opening.currency}-{statement.first}-{statement.last}.{kind}"
    return HttpResponse(
        content,
        content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )
