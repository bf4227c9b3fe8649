"""Who listens to what: the registry that ``domains/<name>/handlers.py`` fills."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from kelmah.events.event import Event

F = TypeVar("F", bound=Callable[..., None])


@dataclass(frozen=True)
class Handler:
    """One function that listens to one event. ``batch``: it takes a list of events, in order."""

    name: str
    domain: str
    event: type[Event]
    function: Callable[[Any], None]
    batch: bool


_HANDLERS: dict[str, Handler] = {}


def handles(event: type[Event], *, batch: bool = False, name: str = "") -> Callable[[F], F]:
    """Register a function for an event; its docstring says why hearing it twice is safe. ``name`` for made ones.

    It runs inside the transaction that marks the event as heard, in ``atomic(<its domain>)``: what it writes and the
    mark commit together. It may be called again until that has happened.
    """

    def register(function: F) -> F:
        full_name = f"{function.__module__}.{name or function.__qualname__}"
        _HANDLERS[full_name] = Handler(full_name, _domain_of(function.__module__), event, function, batch)
        return function

    return register


def handlers_of(topic: str, domain: str) -> list[Handler]:
    """The domain's handlers of a topic, in the order they were declared."""
    return [handler for handler in _HANDLERS.values() if handler.domain == domain and handler.event.topic == topic]


def handler_named(name: str) -> Handler:
    """Raises LookupError when the code no longer has it."""
    try:
        return _HANDLERS[name]
    except KeyError:
        raise LookupError(f"no handler is called {name}") from None


def all_handlers() -> list[Handler]:
    return list(_HANDLERS.values())


def _domain_of(module: str) -> str:
    return module.rsplit(".", 1)[0].rsplit(".", 1)[-1]
