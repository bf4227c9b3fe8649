"""System checks: the listeners that events name are the listeners that exist."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from kelmah.domain import local_domains
from kelmah.events.broker import broker
from kelmah.events.event import REGISTRY, Event
from kelmah.events.handlers import Handler, all_handlers


@register()
def events_and_handlers_agree(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every local listener that an event names has a handler, and every handler's event names its domain."""
    return disagreements(REGISTRY.values(), all_handlers(), local=settings.LOCAL_DOMAINS)


@register()
def tasks_belong_to_their_domain(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every Celery task of a local domain is named after it, so that ``enqueue`` hands over only a domain's own."""
    homes = {config.name: config.domain for config in local_domains()}
    return misnamed_tasks({name: type(task).__module__ for name, task in broker().tasks.items()}, homes=homes)


def misnamed_tasks(tasks: Mapping[str, str], *, homes: Mapping[str, str]) -> list[CheckMessage]:
    """Which of these tasks, by name and module, don't begin with the domain whose package they are in."""
    found: list[CheckMessage] = []
    for name, module in sorted(tasks.items()):
        for package, domain in homes.items():
            if f"{module}.".startswith(f"{package}.") and not name.startswith(f"{domain}."):
                hint = f'Call it @shared_task(name="{domain}.{name.rpartition(".")[2]}").'
                found.append(
                    Error(f"the task {name} of {module} is not named after {domain}", hint=hint, id="kelmah.E023")
                )
    return found


def disagreements(
    events: Iterable[type[Event]], handlers: Iterable[Handler], *, local: Iterable[str]
) -> list[CheckMessage]:
    """What is wrong between these events and these handlers."""
    found: list[CheckMessage] = []
    known, here = list(handlers), set(local)
    heard = {(handler.domain, handler.event.topic) for handler in known}
    for event in events:
        deaf = [name for name in event.listeners if name in here and (name, event.topic) not in heard]
        found += [
            Error(
                f"{event.topic} names {listener} as a listener, which has no handler for it",
                hint=f"Write one in domains/{listener}/handlers.py, or take {listener} out of `to`.",
                id="kelmah.E020",
            )
            for listener in deaf
        ]
    for handler in known:
        if handler.domain not in handler.event.listeners:
            found.append(
                Error(
                    f"{handler.name} listens to {handler.event.topic}, which does not name {handler.domain}",
                    hint=f"Add {handler.domain} to the event's `to`.",
                    id="kelmah.E021",
                )
            )
        if not (handler.function.__doc__ or "").strip():
            found.append(Error(f"{handler.name} does not say why running twice is safe", id="kelmah.E022"))
    return found
