"""Conversations over REST."""

from uuid import UUID

from orjson import Fragment
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from domains.messaging import actions, queries, rules
from domains.messaging.api import examples
from domains.messaging.api.serializers import (
    ConversationIn,
    ConversationOut,
    HistoryOut,
    HistoryQuery,
    MessageIn,
    MessageOut,
    ReadIn,
    UnreadOut,
)
from kelmah.errors import InvalidInput, NotFound
from kelmah.http.cursors import read_cursor, read_limit, write_cursor
from kelmah.http.pagination import page_response
from kelmah.http.permissions import Authenticated, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery, valid
from kelmah.http.views import View
from kelmah.interfaces.files.calls import FileNotAttachable

_SCOPE = "conversations"

_Writer = Can("messaging.write_messages")


class ConversationList(View):
    def get_permissions(self) -> list[BasePermission]:
        return [_Writer() if self.request.method == "POST" else Authenticated()]

    @operation(
        summary="My conversations, most lively first",
        query=PageQuery,
        response=ConversationOut,
        page=True,
        example_response={"items": [examples.CONVERSATION], "next": None},
    )
    def get(self, request: Request) -> Response:
        page = queries.conversations_of(
            reader_id=request.user.user_id,
            limit=read_limit(request),
            after=read_cursor(request, _SCOPE),  # type: ignore[arg-type]  # written below
        )
        cursor = write_cursor(request, _SCOPE, page.last) if page.last else None
        return page_response(request, Fragment(page.items), next_cursor=cursor)

    @operation(
        summary="Open the conversation about a contract or a proposal of mine",
        description="201 when it is new, 200 when the two of you have it already: one for each contract or proposal. "
        "The conversation about a contract opens by itself.",
        request=ConversationIn,
        response=ConversationOut,
        errors=[NotFound],
        example_request={"context": examples.CONVERSATION["context"]},
        example_response=examples.CONVERSATION,
    )
    def post(self, request: Request) -> Response:
        context = valid(ConversationIn, request.data)["context"]
        conversation, made = actions.open_conversation_about(
            context_kind=context["kind"], context_id=context["id"], by=request.user
        )
        return _card(request, conversation.id, status=201 if made else 200)


class ConversationDetail(View):
    permission_classes = [Authenticated]

    @operation(
        summary="One of my conversations",
        response=ConversationOut,
        errors=[NotFound],
        example_response=examples.CONVERSATION,
    )
    def get(self, request: Request, conversation_id: UUID) -> Response:
        return _card(request, conversation_id)


class MessageList(View):
    def get_permissions(self) -> list[BasePermission]:
        return [_Writer() if self.request.method == "POST" else Authenticated()]

    @operation(
        summary="Messages of a conversation, by their numbers",
        description="Without `after_seq`, newest first and below `before_seq`; with it, oldest first and above it. "
        "Both together: what lies between. The numbers have no gaps, so they are the cursor.",
        query=HistoryQuery,
        response=HistoryOut,
        errors=[NotFound],
        example_response={"items": [examples.MESSAGE]},
    )
    def get(self, request: Request, conversation_id: UUID) -> Response:
        asked = valid(HistoryQuery, request.query_params)
        page = queries.history(
            conversation_id=conversation_id,
            reader_id=request.user.user_id,
            after=asked.get("after_seq"),
            before=asked.get("before_seq"),
            limit=asked["limit"],
        )
        return Response({"items": Fragment(page.items)})

    @operation(
        summary="Send a message",
        description="`client_id` is your own name for it: sent again, by whichever way, it is the same message and "
        "this is the same answer.",
        request=MessageIn,
        response=MessageOut,
        status=201,
        errors=[NotFound, InvalidInput, rules.MessageEmpty, rules.TooManyMessages, FileNotAttachable],
        example_request=examples.NEW_MESSAGE,
        example_response=examples.MESSAGE,
    )
    def post(self, request: Request, conversation_id: UUID) -> Response:
        draft = actions.draft_message(
            conversation_id=conversation_id, sender_id=request.user.user_id, **valid(MessageIn, request.data)
        )
        sent = actions.send_message(draft)
        return Response(Fragment(queries.message_json(sent.message_id)), status=201)


class ConversationRead(View):
    permission_classes = [Authenticated]

    @operation(
        summary="I have read up to this message",
        description="The other side and my other devices see it at once. Never backwards.",
        request=ReadIn,
        response=UnreadOut,
        errors=[NotFound, InvalidInput],
        example_request={"seq": 7},
        example_response={"unread": 0},
    )
    def post(self, request: Request, conversation_id: UUID) -> Response:
        unread = actions.mark_read(conversation_id=conversation_id, by=request.user, **valid(ReadIn, request.data))
        return Response({"unread": unread})


# Private functions


def _card(request: Request, conversation_id: UUID, *, status: int = 200) -> Response:
    card = queries.conversation_card(conversation_id=conversation_id, reader_id=request.user.user_id)
    return Response(Fragment(card), status=status)
