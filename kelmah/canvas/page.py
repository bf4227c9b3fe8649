"""The canvas of a domain and the map of all, as Markdown."""

from collections.abc import Iterable, Iterator

from kelmah.canvas.facts import Facts
from kelmah.transitions import StateTable

MARKER = "<!-- canvas -->"


def with_canvas(readme: str, facts: Facts) -> str:
    """The README with everything below the marker written anew; the text above it is people's."""
    head = readme.split(MARKER)[0].rstrip()
    return f"{head}\n\n{MARKER}\n<!-- Written by `manage.py canvas`; edits below are lost. -->\n\n{canvas(facts)}"


def canvas(facts: Facts) -> str:
    """The generated part of a domain's README."""
    return "\n".join(line for section in _sections(facts) for line in section).rstrip() + "\n"


def architecture(all_facts: Iterable[Facts]) -> str:
    """``docs/architecture.md``: who calls whom and who hears what, as Mermaid diagrams and tables."""
    known = list(all_facts)
    lines = [
        "# Architecture, read from the code",
        "",
        "<!-- Written by `manage.py canvas`; edits are lost. -->",
        "",
        "## Calls",
        "",
        "A question asked of another domain, answered at once. Calls form no cycle.",
        "",
        "```mermaid",
        "graph LR",
        *(f"    {facts.domain} --> {other}" for facts in known for other in facts.calls),
        "```",
        "",
        "## Events",
        "",
        "A fact told to whoever listens; it may flow against calls.",
        "",
        "```mermaid",
        "graph LR",
        *_event_edges(known),
        "```",
        "",
        "## Domains",
        "",
        "| domain | tables | operations | publishes | hears | calls |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| [{f.domain}](../domains/{f.domain}/README.md) | {len(f.tables)} | {len(f.routes)} | {len(f.publishes)} "
            f"| {len(f.hears)} | {', '.join(f.calls) or '–'} |"
            for f in known
        ),
    ]
    return "\n".join(lines) + "\n"


# Private functions


def _sections(facts: Facts) -> Iterator[list[str]]:
    yield _table("Tables", ("table", "what a row is"), facts.tables)
    for machine in facts.machines:
        yield _machine(machine)
    yield _table("REST", ("operation", "what it does"), [(f"`{r.method} {r.path}`", r.summary) for r in facts.routes])
    offered = [(f"`{name}`", what) for name, what in facts.offers]
    yield _table(f"Answers calls of {', '.join(facts.callers) or 'nobody'}", ("call", "promise"), offered)
    yield _list("Calls", facts.calls)
    published = [(f"`{e.topic}`", e.key_field, ", ".join(e.listeners) or "–") for e in facts.publishes]
    yield _table("Publishes", ("event", "ordered by", "heard by"), published)
    yield _list("Hears", [f"`{event.topic}`" for event in facts.hears])
    yield _table("Schedule", ("task", "when"), [(f"`{task}`", when) for task, when in facts.schedule])


def _table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    body = [f"| {' | '.join(row)} |" for row in rows]
    if not body:
        return []
    return [f"## {title}", "", f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *body, ""]


def _list(title: str, items: Iterable[str]) -> list[str]:
    body = [f"- {item}" for item in items]
    return [f"## {title}", "", *body, ""] if body else []


def _machine(machine: StateTable) -> list[str]:
    edges = [f"    {t.source} --> {t.target}: {t.name}" for t in machine.transitions]
    rows = [
        (t.name, t.source, t.target, t.actor.replace("|", " or "), t.guard or t.deadline or "–", t.event or "–")
        for t in machine.transitions
    ]
    diagram = ["```mermaid", "stateDiagram-v2", f"    [*] --> {machine.initial}", *edges, "```", ""]
    title = f"States of a {machine.subject}"
    table = _table(title, ("step", "from", "to", "who", "if", "event"), rows)
    return [*table[:2], *diagram, *table[2:]]


def _event_edges(known: Iterable[Facts]) -> Iterator[str]:
    pairs: dict[tuple[str, str], list[str]] = {}
    for facts in known:
        for event in facts.publishes:
            for listener in event.listeners:
                pairs.setdefault((facts.domain, listener), []).append(event.__name__)
    for (source, target), names in pairs.items():
        yield f'    {source} -- "{"<br/>".join(names)}" --> {target}'
