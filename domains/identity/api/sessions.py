"""Where I am logged in."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity.actions import sessions
from domains.identity.api.serializers.sessions import SessionOut, render_session
from domains.identity.queries.sessions import living_sessions
from kelmah.errors import NotFound
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery
from kelmah.http.views import View

SESSION = {
    "id": "01930d2a-0f00-7e66-8e66-7a0b9d4f2c05",
    "device": "Pixel 7",
    "kind": "Chrome Mobile on Android",
    "address": "192.0.2.1",
    "created_at": "2026-11-20T09:00:00Z",
    "last_used_at": "2026-11-21T07:30:00Z",
    "expires_at": "2026-12-21T07:30:00Z",
    "is_this": True,
}


class MySessions(View):
    refuses_impersonation = True
    permission_classes = [Authenticated]

    @operation(
        summary="Where I am logged in, newest login first",
        description="At most 20 devices; `last_used_at` and `address` are of the last refresh.",
        query=PageQuery,
        response=SessionOut,
        example_response={"items": [SESSION], "next": None},
    )
    def get(self, request: Request) -> Response:
        return keyset_page(
            request,
            living_sessions(request.user.user_id),
            order=("-created_at", "-id"),
            render=lambda session: render_session(session, this=request.user.session_id),
            scope="sessions",
        )

    @operation(summary="Log out everywhere else", description="Every session ends but the one that asks.")
    def delete(self, request: Request) -> Response:
        sessions.end_other_sessions(user_id=request.user.user_id, keep_id=request.user.session_id)
        return Response(status=204)


class MySession(View):
    refuses_impersonation = True
    permission_classes = [Authenticated]

    @operation(
        summary="Log out one device",
        description="Its refresh token and its access tokens stop working at once.",
        errors=[NotFound],
    )
    def delete(self, request: Request, session_id: UUID) -> Response:
        sessions.end_own_session(user_id=request.user.user_id, session_id=session_id)
        return Response(status=204)
