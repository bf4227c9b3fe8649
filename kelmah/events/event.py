"""Facts in the past tense.

An event is declared once, in ``kelmah/interfaces/<domain>/events.py``, as a frozen dataclass; the declaration says who
publishes it, by what key its order is kept, and which domains listen. Plain Python: interfaces may import it.
"""

from dataclasses import dataclass, fields
from typing import Any, ClassVar
from uuid import UUID

REGISTRY: dict[str, type["Event"]] = {}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events::

        @dataclass(frozen=True, kw_only=True)
        class OfferAccepted(Event, domain="marketplace", key="job_id", to=("contracts", "messaging")):
            job_id: UUID

    ``key`` names the field whose value orders events: of one key, each listener hears them as they happened. A listener
    keeps working with events of an older ``version``; fields are only ever added.
    """

    domain: ClassVar[str]
    key_field: ClassVar[str]
    listeners: ClassVar[tuple[str, ...]]
    version: ClassVar[int]
    topic: ClassVar[str]

    def __init_subclass__(cls, *, domain: str, key: str, to: tuple[str, ...], version: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.domain, cls.key_field, cls.listeners, cls.version = domain, key, to, version
        cls.topic = f"{domain}.{cls.__name__}"
        if REGISTRY.setdefault(cls.topic, cls).__module__ != cls.__module__:
            raise TypeError(f"two events are called {cls.topic}")
        REGISTRY[cls.topic] = cls

    @property
    def key(self) -> str:
        """The value that orders this event among its kin."""
        value: UUID | str = getattr(self, self.key_field)
        return str(value)


def event_named(topic: str) -> type[Event]:
    """The class of a topic. Raises LookupError."""
    try:
        return REGISTRY[topic]
    except KeyError:
        raise LookupError(f"no event is called {topic!r}") from None


def listeners_of(domain: str) -> frozenset[str]:
    """Every domain that some event of this one names as a listener."""
    own = (event for event in REGISTRY.values() if event.domain == domain)
    return frozenset(listener for event in own for listener in event.listeners)


def field_names(event: type[Event]) -> list[str]:
    return [field.name for field in fields(event)]
