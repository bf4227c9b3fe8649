"""Events of other domains, made from their own type hints."""

from dataclasses import fields
from datetime import date, datetime
from typing import Any, TypeVar, get_args, get_type_hints
from uuid import UUID

from kelmah import clock
from kelmah.events.event import Event
from kelmah.ids import new_id
from kelmah.money import Money

E = TypeVar("E", bound=Event)


def sample_of(kind: type[E], **members: Any) -> E:
    """An event with something in every field; ``members`` say what."""
    hints = get_type_hints(kind)
    return kind(**{field.name: members.get(field.name, _something(hints[field.name])) for field in fields(kind)})


def _something(hint: Any) -> Any:
    if type(None) in get_args(hint):
        return None
    if hint is UUID:
        return new_id()
    if hint is Money:
        return Money(12_500, "GHS")
    if hint is datetime:
        return clock.now()
    if hint is date:
        return clock.now().date()
    if hint is int:
        return 1
    if hint is str:
        return "something"
    if hint == list[UUID]:
        return [new_id(), new_id()]
    return []
