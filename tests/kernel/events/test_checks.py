"""The listeners that events name are the listeners that exist: kept, and broken one by one."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.checks import run_checks

from kelmah.events.checks import disagreements
from kelmah.events.event import REGISTRY, Event
from kelmah.events.handlers import Handler


@pytest.fixture(autouse=True)
def _registry() -> Iterator[None]:
    """What a test declares is forgotten after it."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def event(*to: str) -> type[Event]:
    @dataclass(frozen=True, kw_only=True)
    class Rung(Event, domain="belfry", key="bell", to=to):
        bell: str

    return Rung


def documented(event: Event) -> None:
    """Safe because it does nothing."""


def undocumented(event: Event) -> None:
    pass


def heard_in(domain: str, kind: type[Event], function=documented) -> Handler:
    return Handler(f"domains.{domain}.handlers.on_rung", domain, kind, function, batch=False)


def ids(events: list[type[Event]], handlers: list[Handler], *, local: list[str]) -> list[str]:
    return [message.id for message in disagreements(events, handlers, local=local)]


def test_the_project_agrees():
    assert [message for message in run_checks() if message.id.startswith("kelmah.E02")] == []


def test_an_event_with_a_handler_in_each_listener_is_fine():
    rung = event("town", "village")
    assert ids([rung], [heard_in("town", rung), heard_in("village", rung)], local=["town", "village"]) == []


def test_a_listener_without_a_handler_is_found():
    rung = event("town", "village")
    found = disagreements([rung], [heard_in("town", rung)], local=["town", "village"])
    assert [message.id for message in found] == ["kelmah.E020"]
    assert "belfry.Rung names village" in found[0].msg
    assert found[0].hint == "Write one in domains/village/handlers.py, or take village out of `to`."


def test_a_listener_of_another_process_is_not_our_business():
    assert ids([event("town", "village")], [], local=["belfry"]) == []


def test_a_handler_whose_domain_the_event_does_not_name_is_found():
    rung = event("town")
    handlers = [heard_in("town", rung), heard_in("village", rung)]
    assert ids([rung], handlers, local=["town", "village"]) == ["kelmah.E021"]


def test_a_handler_that_does_not_say_why_twice_is_safe_is_found():
    rung = event("town")
    assert ids([rung], [heard_in("town", rung, undocumented)], local=["town"]) == ["kelmah.E022"]


def test_two_events_of_one_topic_are_refused():
    event("town")
    with pytest.raises(TypeError, match=r"two events are called belfry\.Rung"):
        type("Rung", (Event,), {"__module__": "elsewhere"}, domain="belfry", key="bell", to=())
