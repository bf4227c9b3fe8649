"""Notifications and live tickets over REST."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.messaging import actions, queries
from domains.messaging.api.serializers import NotificationOut, TicketOut, UnreadOut, render_notification
from kelmah.errors import NotFound, Unavailable
from kelmah.http.pagination import keyset_page
from kelmah.http.schema import operation
from kelmah.http.views import View
from kelmah.live.tickets import LIFETIME, Admission, issue_ticket

NOTIFICATION = {
    "id": "01930d2e-3300-7c03-8c03-1a2b3c4d5e6f",
    "kind": "escrow_released",
    "title": "You were paid",
    "body": "1125.00 GHS for “Cabinets fitted” are in your wallet (1250.00 GHS less 125.00 GHS fee).",
    "created_at": "2026-11-20T09:00:00Z",
    "read_at": None,
}


class NotificationList(View):
    @operation(
        summary="What I was told, newest first",
        response=NotificationOut,
        page=True,
        example_response={"items": [NOTIFICATION], "next": None},
    )
    def get(self, request: Request) -> Response:
        return keyset_page(
            request,
            queries.notifications_of(request.user.user_id),
            order=("-created_at", "-id"),
            render=render_notification,
            scope="notifications",
        )


class UnreadCount(View):
    @operation(summary="How much I have not read yet", response=UnreadOut, example_response={"unread": 3})
    def get(self, request: Request) -> Response:
        unread = queries.notifications_of(request.user.user_id).filter(read_at__isnull=True).count()
        return Response({"unread": unread})


class NotificationRead(View):
    @operation(
        summary="I have read this",
        response=NotificationOut,
        errors=[NotFound],
        example_response={**NOTIFICATION, "read_at": "2026-11-20T09:05:00Z"},
    )
    def post(self, request: Request, notification_id: UUID) -> Response:
        notification = actions.read_notification(notification_id=notification_id, by=request.user)
        return Response(render_notification(notification))


class LiveTicket(View):
    idempotency_domain = ""  # a ticket is a secret of thirty seconds: it is not kept

    @operation(
        summary="A ticket for the live connection",
        description="Good once, for 30 seconds: send it in `hello`. The token itself never goes into an address.",
        response=TicketOut,
        status=201,
        errors=[Unavailable],
        example_response={"ticket": "q3Yc0b…", "expires_in": LIFETIME, "path": "/ws"},
    )
    def post(self, request: Request) -> Response:
        ticket = issue_ticket(
            Admission(
                user_id=request.user.user_id,
                session_id=request.user.session_id,
                until=request.auth.expires_at,
            )
        )
        return Response({"ticket": ticket, "expires_in": LIFETIME, "path": "/ws"}, status=201)
