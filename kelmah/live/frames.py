"""Frames from clients: one JSON object of a known type, nothing in it that the type does not have."""

from functools import reduce
from operator import or_
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from kelmah.errors import FieldError, InvalidInput

MAX_BYTES: Final = 65_536

Number = Annotated[int, Field(ge=0, lt=2**53)]  # JavaScript's whole numbers end there


class FrameMalformed(InvalidInput):
    code, title = "frame_malformed", "A frame is one JSON object with a type, not nested deeply"


class FrameUnknown(InvalidInput):
    code, title = "frame_unknown", "There is no such type of frame"


class Frame(BaseModel):
    """Base of all. Types are taken as they are: ``"5"`` is no number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    type: str


class Hello(Frame):
    """Who this is; again, with a new ticket, before the old one's token ends. ``resume``: the last number seen of
    each."""

    type: Literal["hello"]
    ticket: Annotated[str, Field(max_length=200)]
    resume: Annotated[dict[UUID, Number], Field(max_length=100)] = {}


class Ping(Frame):
    type: Literal["ping"]


class FrameReader:
    """Reads frames of these types, and of those that every domain has."""

    def __init__(self, *kinds: type[Frame]) -> None:
        union: Any = reduce(or_, (Hello, Ping, *kinds))
        self._adapter: TypeAdapter[Frame] = TypeAdapter(Annotated[union, Field(discriminator="type")])

    def read(self, text: str) -> Frame:
        """Raises FrameMalformed, FrameUnknown, InvalidInput."""
        try:
            return self._adapter.validate_json(text)
        except ValidationError as error:
            raise _refusal(error) from None


def claimed(text: str, *names: str) -> dict[str, str]:
    """What a frame that was refused says about itself in these members, so that the refusal can name it."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(frame, dict):
        return {}
    return {name: value for name in names if isinstance(value := frame.get(name), str) and len(value) <= 64}


def _refusal(error: ValidationError) -> InvalidInput:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    kind = problems[0]["type"]
    if kind == "union_tag_invalid":
        return FrameUnknown()
    if kind in ("json_invalid", "json_type", "union_tag_not_found", "model_attributes_type", "dict_type"):
        return FrameMalformed()
    # The first part of a place is the type that the frame says it is.
    return InvalidInput(errors=[_field_error(problem) for problem in problems[:20]])


def _field_error(problem: Any) -> FieldError:
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in problem["loc"][1:])
    code = {"extra_forbidden": "unknown_field", "missing": "required"}.get(problem["type"], problem["type"])
    return FieldError(pointer, code, problem["msg"])
