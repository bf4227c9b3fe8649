"""What was published, read from the tables themselves."""

import json
from typing import Any, TypeVar

from kelmah.domain import local_domains, model_of
from kelmah.events.event import Event
from kelmah.events.serialization import decode_event

E = TypeVar("E", bound=Event)


class PublishedEvents:
    """Events still in an outbox or already in an inbox, each once, in the order they were published."""

    def of(self, kind: type[E]) -> list[E]:
        seen: dict[Any, E] = {}
        outbox = model_of(kind.domain, "Outbox")
        inboxes = [model_of(config.domain, "Inbox") for config in local_domains()]
        for table in (*inboxes, outbox):
            if table._meta.app_label not in _open_aliases():
                continue
            rows: Any = table._default_manager.filter(topic=kind.topic).order_by("id")
            for row in rows:
                seen.setdefault(row.event_id, decode_event(row.topic, json.dumps(row.payload)))
        return [seen[event_id] for event_id in sorted(seen)]


def _open_aliases() -> set[str]:
    """The aliases this test may query: pytest-django refuses the others."""
    from django.db import connections

    return {alias for alias in connections if not getattr(connections[alias].cursor, "wrapped", None)}
