"""Conversations over REST."""

from uuid import UUID

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from domains.messaging import actions, queries, rules
from domains.messaging.api.serializers import (
    ConversationIn,
    ConversationOut,
    HistoryQuery,
    MessageIn,
    MessageOut,
    MessagesOut,
    ReadIn,
    UnreadOut,
)
from domains.messaging.queries.history import conversations_page, message_json, messages_after, messages_before
from kelmah.errors import NotFound, Unavailable
from kelmah.http.cursors import read_cursor, read_limit, write_cursor
from kelmah.http.pagination import page_response
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View
from kelmah.interfaces.files.calls import FileNotAttachable

MESSAGE = {
    "id": "01930d2e-2200-7b02-8b02-1a2b3c4d5e6f",
    "conversation_id": "01930d2e-2000-7b00-8b00-1a2b3c4d5e60",
    "seq": 7,
    "sender_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02",
    "client_id": "phone-1-0007",
    "text": "Akwaaba! When can you start?",
    "created_at": "2026-11-20T09:00:00.000000Z",
    "files": [],
}
CONVERSATION = {
    "id": MESSAGE["conversation_id"],
    "title": "Fit kitchen cabinets in Osu",
    "context": {"kind": "contract", "id": "01930d2c-6f00-7d3a-8f0a-0d6c1d6f2b11"},
    "member_ids": [MESSAGE["sender_id"], "01930d2a-0b00-7c33-9d33-5e9c7c3f1a03"],
    "last_seq": 7,
    "unread": 1,
    "last_message": MESSAGE,
}
SCOPE = "conversations"


class ConversationList(View):
    @operation(
        summary="My conversations, most lively first, with exact unread counts",
        response=ConversationOut,
        page=True,
        example_response={"items": [CONVERSATION], "next": None},
    )
    def get(self, request: Request) -> Response:
        after = read_cursor(request, SCOPE)
        page = conversations_page(
            user_id=request.user.user_id,
            after=(after[0], after[1]) if after else None,
            limit=read_limit(request),
        )
        cursor = write_cursor(request, SCOPE, page.after) if page.after else None
        return page_response(request, orjson.Fragment(page.items), next_cursor=cursor)

    @operation(
        summary="Open the conversation about a contract or a proposal of mine",
        description="The same two people have one conversation about one thing: opened again, it is the same.",
        request=ConversationIn,
        response=ConversationOut,
        errors=[NotFound, Unavailable],
        example_request={"context": CONVERSATION["context"]},
        example_response=CONVERSATION,
    )
    def post(self, request: Request) -> Response:
        context = valid(ConversationIn, request.data)["context"]
        conversation, _ = actions.open_conversation_about(
            context_kind=context["kind"], context_id=context["id"], by=request.user
        )
        return _one(request, conversation.id)


class ConversationDetail(View):
    @operation(
        summary="One of my conversations", response=ConversationOut, errors=[NotFound], example_response=CONVERSATION
    )
    def get(self, request: Request, conversation_id: UUID) -> Response:
        queries.access_conversation(conversation_id=conversation_id, by=request.user)
        return _one(request, conversation_id)


class MessageList(View):
    @operation(
        summary="Messages of a conversation, by sequence number",
        description="Newest first before `before_seq` (by default from the end), or oldest first after `after_seq`.",
        query=HistoryQuery,
        response=MessagesOut,
        errors=[NotFound],
        example_response={"items": [MESSAGE]},
    )
    def get(self, request: Request, conversation_id: UUID) -> Response:
        queries.access_conversation(conversation_id=conversation_id, by=request.user)
        wanted = valid(HistoryQuery, request.query_params)
        if "after_seq" in wanted:
            items = messages_after(conversation_id=conversation_id, seq=wanted["after_seq"], limit=wanted["limit"])
        else:
            items = messages_before(
                conversation_id=conversation_id, seq=wanted.get("before_seq"), limit=wanted["limit"]
            )
        return Response({"items": orjson.Fragment(items)})

    @operation(
        summary="Send a message",
        description="`client_id` is your own name for it: sent again, it is the same message.",
        request=MessageIn,
        response=MessageOut,
        status=201,
        errors=[NotFound, rules.MessageEmpty, rules.TooManyMessages, FileNotAttachable, Unavailable],
        example_request={"client_id": "phone-1-0007", "text": MESSAGE["text"]},
        example_response=MESSAGE,
    )
    def post(self, request: Request, conversation_id: UUID) -> Response:
        wanted = valid(MessageIn, request.data)
        draft = actions.Draft(
            conversation_id=conversation_id,
            sender_id=request.user.user_id,
            client_id=wanted["client_id"],
            text=wanted["text"],
        )
        sent = actions.send_message(draft=draft, file_ids=wanted["file_ids"])
        return Response(orjson.Fragment(message_json(sent.message_id)), status=201)


class ConversationRead(View):
    @operation(
        summary="I have read up to this message",
        request=ReadIn,
        response=UnreadOut,
        errors=[NotFound],
        example_request={"seq": 7},
        example_response={"unread": 0},
    )
    def post(self, request: Request, conversation_id: UUID) -> Response:
        unread = actions.mark_read(conversation_id=conversation_id, by=request.user, **valid(ReadIn, request.data))
        return Response({"unread": unread})


# Private functions


def _one(request: Request, conversation_id: UUID) -> Response:
    page = conversations_page(user_id=request.user.user_id, after=None, limit=1, only=conversation_id)
    return Response(orjson.Fragment(page.items[1:-1]))
