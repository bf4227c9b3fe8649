"""Who listens to what: the registry that ``domains/<name>/handlers.py`` fills."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

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
_LISTENING: dict[tuple[str, str], list[Handler]] = {}  # by domain and topic, in the order of declaration
_heard: ContextVar[UUID] = ContextVar("kelmah_event_being_heard")


def handles(event: type[Event], *, batch: bool = False, name: str = "") -> Callable[[F], F]:
    """Register a function for an event; its docstring says why hearing it twice is safe. ``name`` for made ones.

    It runs inside the transaction that marks the event as heard, in ``atomic(<its domain>)``: what it writes and the
    mark commit together. It may be called again until that has happened.
    """

    def register(function: F) -> F:
        full_name = f"{function.__module__}.{name or function.__qualname__}"
        if full_name in _HANDLERS:
            raise TypeError(f"two handlers are called {full_name}")
        handler = Handler(full_name, _domain_of(function.__module__), event, function, batch)
        _HANDLERS[full_name] = handler
        _LISTENING.setdefault((handler.domain, event.topic), []).append(handler)
        return function

    return register


def handlers_of(topic: str, domain: str) -> list[Handler]:
    """The domain's handlers of a topic, in the order they were declared."""
    return _LISTENING.get((domain, topic), [])


def handler_named(name: str) -> Handler:
    """Raises LookupError when the code no longer has it."""
    try:
        return _HANDLERS[name]
    except KeyError:
        raise LookupError(f"no handler is called {name}") from None


def heard_event_id() -> UUID:
    """The id of the event that is being heard: what a handler's rows may be unique by. Raises LookupError elsewhere,
    and in handlers of batches."""
    return _heard.get()


@contextmanager
def hearing(event_id: UUID) -> Iterator[None]:
    """While this block runs, ``event_id`` is being heard."""
    token = _heard.set(event_id)
    try:
        yield
    finally:
        _heard.reset(token)


def is_batch(name: str) -> bool:
    """Whether the handler, if the code has it, takes many events at once."""
    return name in _HANDLERS and _HANDLERS[name].batch


def all_handlers() -> list[Handler]:
    return list(_HANDLERS.values())


def _domain_of(module: str) -> str:
    """``contracts`` for ``domains.contracts.handlers``, and for a module in it when it is a package."""
    return module.rpartition(".handlers")[0].rpartition(".")[2]
