"""Events as JSON, by their dataclass: Money, UUIDs and times survive the journey."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from kelmah.events.event import Event, event_named


class UnreadableEvent(ValueError):
    """A payload lacks what its event promises."""


def encode_event(event: Event) -> bytes:
    """The payload of an event, as JSON. Raises TypeError when a field holds what the event doesn't declare."""
    kind: Any = type(event)
    try:
        return _adapter(kind).dump_json(event, warnings="error")
    except PydanticSerializationError as error:
        raise TypeError(f"{kind.topic}: {error}") from error


def decode_event(topic: str, payload: str) -> Any:
    """The event that was published; fields that a newer publisher added are ignored.

    Raises LookupError for an unknown topic, UnreadableEvent for a payload that is not that event's.
    """
    kind: Any = event_named(topic)
    try:
        return _adapter(kind).validate_json(payload)
    except ValidationError as error:
        # Where and why, without the values: this text is kept and shown.
        wrong = [f"{'.'.join(map(str, step['loc']))}: {step['type']}" for step in error.errors(include_input=False)]
        raise UnreadableEvent(f"{topic}: {', '.join(wrong)}") from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
