"""What a domain is tied to, read from the code of all."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps

from kelmah.canvas.facts import Facts, facts_of
from kelmah.domain import DomainConfig, local_domains, sealing_domains
from kelmah.events.broker import broker
from kelmah.events.event import Event
from kelmah.rpc.service import INTERFACES


@dataclass(frozen=True)
class Ties:
    """One domain and everybody it deals with. ``calls_in`` and ``calls_out``: the other domain and the method."""

    domain: str
    calls_in: Sequence[tuple[str, str]]
    calls_out: Sequence[tuple[str, str]]
    events_in: Sequence[type[Event]]
    events_out: Sequence[type[Event]]
    tables: Sequence[str]
    files: int
    lines: int
    settings: Sequence[str]
    tasks: Sequence[str]
    schedule: Sequence[tuple[str, str]]
    proof: Sequence[str]
    seals: bool


def ties_of(domain: str) -> Ties:
    """Raises LookupError for a domain that is not installed here; all must be."""
    configs = {config.domain: config for config in local_domains()}
    config = configs[domain]
    facts: Facts = facts_of(config, all_domains=[name for name in configs if find_spec(f"kelmah.interfaces.{name}")])
    sources = list(_sources(config))
    return Ties(
        domain=domain,
        calls_in=sorted(
            (caller, method)
            for caller in facts.callers
            if caller in configs
            for method in _methods_used(configs[caller], domain)
        ),
        calls_out=sorted((callee, method) for callee in facts.calls for method in _methods_used(config, callee)),
        events_in=facts.hears,
        events_out=facts.publishes,
        tables=sorted(model._meta.db_table for model in apps.get_app_config(domain).get_models()),
        files=len(sources),
        lines=sum(len(source.read_text().splitlines()) for source in sources),
        settings=sorted(set(_settings_read(sources))),
        tasks=sorted(_tasks(config)),
        schedule=facts.schedule,
        proof=config.proof,
        seals=domain in sealing_domains(),
    )


# Private functions


def _sources(config: DomainConfig) -> Iterator[Path]:
    return (path for path in Path(config.path).rglob("*.py") if "migrations" not in path.parts)


def _methods_used(config: DomainConfig, callee: str) -> set[str]:
    """Methods of another domain's interface that some line of this one calls: ``payments.escrows_of(…)``."""
    interface = INTERFACES.get(callee)
    methods = set(interface.methods) if interface else set()
    return {
        node.attr
        for source in _sources(config)
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == callee
        and node.attr in methods
    }


def _settings_read(sources: Sequence[Path]) -> Iterator[str]:
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "settings":
                yield node.attr


def _tasks(config: DomainConfig) -> Iterator[str]:
    return (name for name in broker().tasks if name.startswith(f"{config.domain}."))
