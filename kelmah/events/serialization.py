"""Events as JSON, by their dataclass: Money, UUIDs and times survive the journey."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from kelmah.events.event import Event, event_named


def encode_event(event: Event) -> str:
    """The payload of an event, as JSON text."""
    kind: Any = type(event)
    return _adapter(kind).dump_json(event).decode()


def decode_event(topic: str, payload: dict[str, Any]) -> Any:
    """The event that was published; fields that a newer publisher added are ignored.

    Raises LookupError for an unknown topic, ValueError for a payload that is not that event's.
    """
    kind: Any = event_named(topic)
    return _adapter(kind).validate_python(payload)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
