"""Notifications and live tickets over REST."""

from uuid import UUID

from django.conf import settings
from orjson import Fragment
from rest_framework.request import Request
from rest_framework.response import Response

from domains.messaging import actions, queries
from domains.messaging.api import examples
from domains.messaging.api.serializers import NotificationOut, TicketOut, UnreadOut
from kelmah.errors import NotFound, Unavailable
from kelmah.http.cursors import read_cursor, read_limit, write_cursor
from kelmah.http.pagination import page_response
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery
from kelmah.http.views import View
from kelmah.live.tickets import LIFETIME, Admission, issue_ticket

_SCOPE = "notifications"


class NotificationList(View):
    permission_classes = [Authenticated]

    @operation(
        summary="What I was told, newest first",
        description="Kept for 90 days.",
        query=PageQuery,
        response=NotificationOut,
        page=True,
        example_response={"items": [examples.NOTIFICATION], "next": None},
    )
    def get(self, request: Request) -> Response:
        after = read_cursor(request, _SCOPE)
        page = queries.notifications_of(
            reader_id=request.user.user_id, limit=read_limit(request), after=after[0] if after else None
        )
        cursor = write_cursor(request, _SCOPE, page.last) if page.last else None
        return page_response(request, Fragment(page.items), next_cursor=cursor)


class UnreadCount(View):
    permission_classes = [Authenticated]

    @operation(summary="How much I have not read yet", response=UnreadOut, example_response={"unread": 3})
    def get(self, request: Request) -> Response:
        return Response({"unread": queries.unread_notifications(request.user.user_id)})


class NotificationRead(View):
    permission_classes = [Authenticated]

    @operation(
        summary="I have read this",
        response=NotificationOut,
        errors=[NotFound],
        example_response={**examples.NOTIFICATION, "read_at": "2026-11-20T09:05:00.000000Z"},
    )
    def post(self, request: Request, notification_id: UUID) -> Response:
        read = actions.read_notification(notification_id=notification_id, by=request.user)
        return Response(Fragment(read))


class LiveTicket(View):
    permission_classes = [Authenticated]
    idempotency_domain = ""  # a ticket is a secret of thirty seconds: it is not kept

    @operation(
        summary="A ticket for the live connection",
        description="Good once, within 30 seconds: send it in `hello`. A token never goes into an address.",
        response=TicketOut,
        status=201,
        errors=[Unavailable],
        example_response={
            "ticket": "q3Yc0bX1nH8v2TjK5mWzL7rAeFsPdUgVt4yQh9xNcE0",
            "expires_in": 30,
            "url": "wss://live.example.com/ws",
        },
    )
    def post(self, request: Request) -> Response:
        ticket = issue_ticket(Admission(principal=request.user, until=request.auth.expires_at))
        seconds = int(LIFETIME.total_seconds())
        return Response({"ticket": ticket, "expires_in": seconds, "url": settings.LIVE_URL}, status=201)
