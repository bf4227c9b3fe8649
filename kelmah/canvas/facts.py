"""What a domain's code says about itself."""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module  # noqa: TID251 - of modules that configurations name
from pathlib import Path
from typing import Any

from django.apps import apps
from django.urls import URLPattern

from kelmah.domain import DomainConfig
from kelmah.events.event import REGISTRY, Event
from kelmah.http.schema import operation_of
from kelmah.rpc import Service
from kelmah.transitions import StateTable

PLUMBING = frozenset({"Outbox", "Inbox", "IdempotencyKey", "Deadline", "DataKey"})
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Route:
    """One operation of the REST API."""

    method: str
    path: str
    summary: str


@dataclass
class Facts:
    """One domain, read from its code."""

    domain: str
    tables: list[tuple[str, str]] = field(default_factory=list)
    machines: list[StateTable] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    publishes: list[type[Event]] = field(default_factory=list)
    hears: list[type[Event]] = field(default_factory=list)
    offers: list[tuple[str, str]] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    schedule: list[tuple[str, str]] = field(default_factory=list)


def facts_of(config: DomainConfig, *, all_domains: list[str]) -> Facts:
    """Everything the canvas shows of one domain."""
    for domain in all_domains:
        import_module(f"kelmah.interfaces.{domain}.events")
    events = sorted(REGISTRY.values(), key=lambda event: event.topic)
    service = _service(config.domain)
    return Facts(
        domain=config.domain,
        tables=sorted(_tables(config)),
        machines=_machines(config),
        routes=list(_routes(config)),
        publishes=[event for event in events if event.domain == config.domain],
        hears=[event for event in events if config.domain in event.listeners],
        offers=sorted(_offers(service)) if service else [],
        callers=sorted(service.callers - {config.domain}) if service else [],
        calls=_calls(config),
        schedule=sorted((entry["task"], _every(entry["schedule"])) for entry in config.beat.values()),
    )


# Private functions


def _tables(config: DomainConfig) -> Iterator[tuple[str, str]]:
    for model in apps.get_app_config(config.label).get_models():
        if model.__name__ not in PLUMBING:
            yield model.__name__, _first_sentence(model.__doc__)


def _machines(config: DomainConfig) -> list[StateTable]:
    rules = import_module(f"{config.name}.rules")
    found = {id(value): value for value in vars(rules).values() if isinstance(value, StateTable)}
    return sorted(found.values(), key=lambda table: table.subject)


def _routes(config: DomainConfig) -> Iterator[Route]:
    if not config.urls:
        return
    for pattern in import_module(config.urls).urlpatterns:
        if isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "view_class", None)
            for method in METHODS:
                said = operation_of(getattr(view, method, None))
                if said:
                    yield Route(method.upper(), f"/{pattern.pattern}", said.summary)


def _service(domain: str) -> Any:
    module = import_module(f"kelmah.interfaces.{domain}.calls")
    classes = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Service) and value.__module__ == module.__name__
    ]
    return classes[0] if classes else None


def _offers(service: Any) -> Iterator[tuple[str, str]]:
    for name in service.methods:
        yield name, _first_sentence(getattr(service, name).__doc__)


def _calls(config: DomainConfig) -> list[str]:
    """Domains whose ``calls`` interface some module here imports."""
    found = set()
    for file in Path(config.path).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("kelmah.interfaces."):
                _, _, domain, *rest = node.module.split(".")
                if rest == ["calls"] and domain != config.domain:
                    found.add(domain)
    return sorted(found)


def _first_sentence(text: str | None) -> str:
    plain = " ".join((text or "").split())
    return plain.split(". ")[0].removesuffix(".")


def _every(schedule: Any) -> str:
    return f"every {schedule:g} s" if isinstance(schedule, int | float) else str(schedule)
