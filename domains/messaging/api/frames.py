"""Frames that clients send to messaging. What a message may be is decided by the domain's rules, as over REST."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from domains.messaging import rules
from kelmah.live.frames import Frame, FrameReader, Number


class Subscribe(Frame):
    """``since``: the number of the last message seen; without it, only what comes from now on."""

    type: Literal["subscribe"]
    conversation: UUID
    since: Number | None = None


class Unsubscribe(Frame):
    type: Literal["unsubscribe"]
    conversation: UUID


class Send(Frame):
    type: Literal["send"]
    client_id: str
    conversation: UUID
    text: str = ""
    file_ids: Annotated[list[UUID], Field(max_length=rules.FILES_LIMIT)] = []


class Read(Frame):
    type: Literal["read"]
    conversation: UUID
    seq: Number


reader = FrameReader(Subscribe, Unsubscribe, Send, Read)
