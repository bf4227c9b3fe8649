"""Who publishes what, who listens, and what it holds: ``docs/events.md``."""

from dataclasses import fields
from importlib import import_module  # noqa: TID251 - of the interfaces of configured domains
from importlib.util import find_spec
from typing import Any, get_args, get_type_hints

from django.conf import settings

from kelmah.events.event import REGISTRY, Event


def catalogue() -> str:
    """The catalogue as Markdown."""
    for domain in sorted(settings.DOMAINS):
        if find_spec(f"kelmah.interfaces.{domain}"):  # a domain from elsewhere declares its events itself
            import_module(f"kelmah.interfaces.{domain}.events")
    known = sorted(
        (event for event in REGISTRY.values() if event.__module__.startswith("kelmah.interfaces.")),
        key=lambda event: event.topic,
    )
    lines = ["# Events", "", "<!-- Written by `manage.py events catalogue`; edits are lost. -->", ""]
    for event in known:
        lines += _entry(event)
    return "\n".join(lines).rstrip() + "\n"


def _entry(event: type[Event]) -> list[str]:
    hints = get_type_hints(event)
    listeners = ", ".join(event.listeners) or "nobody yet"
    documented = event.__doc__ or ""
    promise = "" if documented.startswith(f"{event.__name__}(") else " ".join(documented.split())
    return [
        f"## {event.topic}",
        "",
        *([promise, ""] if promise else []),
        f"Version {event.version}, ordered by `{event.key_field}`, heard by {listeners}.",
        "",
        "| field | type |",
        "| --- | --- |",
        *(f"| `{field.name}` | {_name(hints[field.name])} |" for field in fields(event)),
        "",
    ]


def _name(hint: Any) -> str:
    inner = get_args(hint)
    if not inner:
        return str(getattr(hint, "__name__", hint))
    return str(hint).replace("kelmah.interfaces.", "").replace("uuid.", "").replace("|", "or")
