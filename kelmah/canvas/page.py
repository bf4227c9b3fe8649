"""The canvas of a domain, as Markdown."""

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
