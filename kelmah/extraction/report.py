"""``docs/extraction/extraction-<domain>.md``: what the rehearsal saw, and the steps to do it for real."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from kelmah.extraction.facts import Ties
from kelmah.extraction.rehearsal import JOURNEYS, Outcome
from kelmah.extraction.runbook import runbook

_DEAR = 0.10  # of the journey's time


def report(ties: Ties, outcome: Outcome, *, walls: Sequence[str], machine: str) -> str:
    """The whole page as Markdown. ``walls``: the checks that held."""
    sections = (
        [f"# Taking {ties.domain} out: a rehearsal", "", f"<!-- Written by `manage.py extract {ties.domain}`. -->", ""],
        [*_verdict(ties, outcome), ""],
        ["## Coupling", "", *_coupling(ties), ""],
        ["## What goes along", "", *_belongings(ties), ""],
        ["## Walls", "", *(f"- {wall}: held" for wall in walls), ""],
        ["## The move", "", *_move(outcome), ""],
        ["## The price", "", *_price(outcome), "", f"Measured on {machine}.", ""],
        [runbook(ties)],
    )
    return "\n".join(line for section in sections for line in section).rstrip() + "\n"


def added_per_journey(outcome: Outcome) -> float:
    """Milliseconds that calls of one journey take more, at the median, when they leave the process."""
    return sum(
        (price.p50 - outcome.local[call].p50) * price.count / JOURNEYS
        for call, price in outcome.remote.items()
        if call in outcome.local
    )


# Private functions


def _verdict(ties: Ties, outcome: Outcome) -> Iterator[str]:
    added, together = added_per_journey(outcome), median(outcome.together) * 1000
    calls = sum(price.count for price in outcome.remote.values()) / JOURNEYS
    yield f"**{ties.domain} can leave.** Its walls held, its data moved out and home again whole, and the journey"
    yield "passed with it inside, outside, and inside again."
    yield ""
    if not calls:
        yield "**Price: none that a caller waits for.** Nobody asks it anything and it asks nobody: it lives by events."
    elif added < _DEAR * together:
        yield f"**Price: low.** {calls:.1f} calls per journey leave the process and take {added:.1f} ms more together,"
        yield f"{added / together:.1%} of the journey's {together / 1000:.1f} s."
    else:
        yield f"**Price: high.** {calls:.1f} calls per journey take {added:.1f} ms more together,"
        yield f"{added / together:.1%} of its {together / 1000:.1f} s: ask for more at once, or let events bring it."


def _coupling(ties: Ties) -> Iterator[str]:
    others = Counter[str]()
    columns: dict[str, dict[str, list[str]]] = {}

    def put(other: str, column: str, what: str) -> None:
        others[other] += 1
        columns.setdefault(other, {}).setdefault(column, []).append(what)

    for other, method in ties.calls_in:
        put(other, "asks", method)
    for other, method in ties.calls_out:
        put(other, "asked", method)
    for event in ties.events_in:
        put(event.domain, "tells", event.__name__)
    for event in ties.events_out:
        for listener in event.listeners:
            put(listener, "told", event.__name__)
    yield f"| other domain | asks {ties.domain} | is asked | tells {ties.domain} | is told |"
    yield "| --- | --- | --- | --- | --- |"
    for other, _ in others.most_common():
        cells = (sorted(columns[other].get(column, [])) for column in ("asks", "asked", "tells", "told"))
        yield f"| {other} | {' | '.join(', '.join(cell) or '–' for cell in cells)} |"


def _belongings(ties: Ties) -> Iterator[str]:
    yield f"- Code: `domains/{ties.domain}` ({ties.files} files, {ties.lines:,} lines); the kernel and all interfaces."
    yield f"- Tables ({len(ties.tables)}): {_names(ties.tables)}."
    yield f"- Settings it reads itself: {_names(ties.settings)}."
    if ties.seals:
        yield f"- Keys: its data keys are one of the tables; the file that wraps them, `{ties.domain}` of"
        yield "  CRYPTO_KEYS_FILE, is its own and goes along. Nobody else needs it, and without it the data are lost."
    yield f"- Tasks: {_names(ties.tasks)}."
    yield f"- Schedule: {', '.join(f'`{task}` {when}' for task, when in ties.schedule) or 'none'}."


def _move(outcome: Outcome) -> Iterator[str]:
    if outcome.moved and outcome.returned:
        yield "Dumped, restored and compared, table by table, by number of rows and a checksum of every row, and every"
        yield f"sequence by its last value: **{outcome.moved.rows:,} rows out, {outcome.returned.rows:,} home**, all"
        yield "equal on both sides of each move; what was added in between are the journeys played outside."
        yield ""
        yield "| table | rows out | checksum | rows home |"
        yield "| --- | --- | --- | --- |"
        for table, (rows, checksum) in outcome.moved.tables.items():
            yield f"| {table} | {rows} | {int(checksum) % 16**12:012x} | {outcome.returned.tables[table][0]} |"
        yield ""
    yield from (f"- {proof}" for proof in outcome.proofs)
    yield from (f"- {phase}: {seconds:.1f} s" for phase, seconds in outcome.seconds.items())


def _price(outcome: Outcome) -> Iterator[str]:
    if outcome.remote:
        yield "| caller | call | per journey | local p50 | local p95 | remote p50 | remote p95 |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for (caller, method), far in outcome.remote.items():
            near = outcome.local.get((caller, method))
            times = [f"{price.p50:.1f} ms | {price.p95:.1f} ms" if price else "– | –" for price in (near, far)]
            yield f"| {caller} | `{method}` | {far.count / JOURNEYS:.1f} | {' | '.join(times)} |"
        yield ""
    yield "| journey | seconds each |"
    yield "| --- | --- |"
    for name, each in (("together", outcome.together), ("apart", outcome.apart), ("home again", outcome.home)):
        yield f"| {name} | {', '.join(f'{seconds:.1f}' for seconds in each)} |"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
