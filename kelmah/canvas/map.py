"""``docs/architecture.md``: the whole, read from the code."""

from collections.abc import Iterable, Iterator, Sequence

from kelmah.canvas.c4 import containers, context, places
from kelmah.canvas.facts import Facts
from kelmah.deployment.routes import Route
from kelmah.domain import DomainConfig


def architecture(configs: Sequence[DomainConfig], known: Sequence[Facts], routes: Sequence[Route]) -> str:
    """Context, containers, who calls whom, who hears what, and where to read on."""
    sections = (
        ["# Architecture, read from the code", "", "<!-- Written by `manage.py canvas`; edits are lost. -->"],
        ["## Context", "", *context(configs)],
        ["## Containers", "", _CONTAINERS, "", *containers(configs)],
        ["## Places", "", _PLACES, "", *places(configs, routes)],
        [
            "## Calls",
            "",
            "A question asked of another domain, answered at once. Calls form no cycle.",
            "",
            *_calls(known),
        ],
        ["## Events", "", "A fact told to whoever listens; it may flow against calls.", "", *_events(known)],
        ["### Catalogue", "", "Fields and promises: [events.md](events.md).", "", *_catalogue(known)],
        ["## Domains", "", *_domains(known)],
    )
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


_CONTAINERS = (
    "`make run` starts all domains in one group of processes, `make split` each in a group of its own; the code is\n"
    "the same, and so are the tests."
)
_PLACES = "What a domain brings along when it runs alone. `/internal/` is for other domains and is routed nowhere."


# Private functions


def _calls(known: Iterable[Facts]) -> list[str]:
    edges = (f"    {facts.domain} --> {other}" for facts in known for other in facts.calls)
    return ["```mermaid", "graph LR", *edges, "```"]


def _events(known: Iterable[Facts]) -> list[str]:
    return ["```mermaid", "graph LR", *_event_edges(known), "```"]


def _catalogue(known: Iterable[Facts]) -> list[str]:
    rows = (
        f"| `{event.topic}` | {event.version} | `{event.key_field}` | {', '.join(event.listeners) or '–'} |"
        for facts in known
        for event in facts.publishes
    )
    return ["| event | version | ordered by | heard by |", "| --- | --- | --- | --- |", *rows]


def _domains(known: Iterable[Facts]) -> list[str]:
    """Each name leads to the domain's canvas."""
    return [
        "| domain | tables | operations | publishes | hears | calls |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| [{f.domain}](../domains/{f.domain}/README.md) | {len(f.tables)} | {len(f.routes)} | {len(f.publishes)} "
            f"| {len(f.hears)} | {', '.join(f.calls) or '–'} |"
            for f in known
        ),
    ]


def _event_edges(known: Iterable[Facts]) -> Iterator[str]:
    pairs: dict[tuple[str, str], list[str]] = {}
    for facts in known:
        for event in facts.publishes:
            for listener in event.listeners:
                pairs.setdefault((facts.domain, listener), []).append(event.__name__)
    for (source, target), names in pairs.items():
        yield f'    {source} -- "{"<br/>".join(names)}" --> {target}'
