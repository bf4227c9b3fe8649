"""What must be true of the events of all domains when everything is quiet again."""

from collections import defaultdict
from uuid import UUID

from tests.faults.split.system import System

DOMAINS = ("identity", "marketplace", "contracts", "payments", "messaging", "reviews", "files")
_HEARD = "SELECT handler, key, topic, event_id FROM {}_inbox ORDER BY id"


def check_events(system: System, *, seconds: float = 120) -> int:
    """None lost, none twice, each key's in order, none dead; returns how many were heard.

    Lost ones would be missing from one of several listeners of the same topic, or still wait somewhere.
    """
    system.until("every event is heard", lambda: system.quiet(DOMAINS), seconds=seconds)
    by_topic: dict[str, dict[str, set[UUID]]] = defaultdict(lambda: defaultdict(set))
    heard = 0
    for domain in DOMAINS:
        lines: dict[tuple[str, str], list[UUID]] = defaultdict(list)
        for handler, key, topic, event_id in system.query(domain, _HEARD.format(domain)):
            lines[handler, key].append(event_id)
            by_topic[topic][f"{domain} {handler}"].add(event_id)
            heard += 1
        for (handler, key), ids in lines.items():
            assert len(ids) == len(set(ids)), f"{handler} heard an event of {key} twice"
            told = [_told_at(event_id) for event_id in ids]
            assert told == sorted(told), f"{handler} heard the events of {key} out of order"
        dead = system.query(domain, f"SELECT count(*) FROM {domain}_inbox WHERE dead_at IS NOT NULL")
        assert dead == [(0,)], f"{domain} has dead letters"
    for topic, listeners in by_topic.items():
        sets = list(listeners.values())
        assert all(ids == sets[0] for ids in sets), f"not every listener of {topic} heard the same: {dict(listeners)}"
    return heard


def _told_at(event_id: UUID) -> int:
    """The millisecond in a UUIDv7 (RFC 9562)."""
    return event_id.int >> 80
