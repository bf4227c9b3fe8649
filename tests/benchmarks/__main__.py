"""``make bench``: every benchmark in turn, each a process of its own, and ``docs/benchmarks.md`` from what they print.

A benchmark is a module ``bench_<name>`` that, run with ``-m``, prints what it likes and, last, one JSON object::

    {"name": "ledger", "title": "…", "rows": [{"what": "…", "value": 1.2, "unit": "ratio", "target": ">= 0.5"}]}

A row may have ``met`` (true or false). ``--smoke`` asks for a short run, which shows that it works and writes nothing.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", help="only these; the others' figures stay: ledger events")
    parser.add_argument("--smoke", action="store_true", help="short runs; docs/benchmarks.md stays as it is")
    arguments = parser.parse_args()
    known = sorted(file.stem.removeprefix("bench_") for file in HERE.glob("bench_*.py"))
    wanted = arguments.names or known
    if unknown := sorted(set(wanted) - set(known)):
        print(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    # What is only to be seen working may have company; what is measured must be alone.
    with ThreadPoolExecutor(2 if arguments.smoke else 1) as pool:
        results = list(pool.map(partial(run, smoke=arguments.smoke), wanted))
    if failed := [name for name, result in zip(wanted, results, strict=True) if result is None]:
        print(f"\nFailed: {', '.join(failed)}; one alone: python -m tests.benchmarks {failed[0]}", flush=True)
    if not arguments.smoke:
        old = {} if wanted == known else sections(PAGE.read_text())
        PAGE.write_text(page(old | {title_of(result): section(result) for result in results if result}))
        print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0 if all(results) else 1


def run(name: str, *, smoke: bool) -> dict[str, Any] | None:
    """The result of one benchmark; None when it failed. What it prints is shown as it comes."""
    print(f"\n=== {name}", flush=True)
    shown = f"{name}: " if smoke else ""
    environment = {**os.environ, "BENCH_SMOKE": "1" if smoke else ""}
    command = [sys.executable, "-m", f"tests.benchmarks.bench_{name}"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    last = ""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            last = line
        else:
            print(shown + line, end="", flush=True)
    if process.wait() or not last:
        print(f"{name} failed", file=sys.stderr)
        return None
    result: dict[str, Any] = json.loads(last)
    return result


def page(of: dict[str, str]) -> str:
    """Sections by title, as Markdown."""
    lines = [
        "# Benchmarks",
        "",
        "<!-- Written by `make bench`; edits are lost. -->",
        "",
        f"On {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}. Ratios compare with",
        "a limit measured in the same run on the same machine; absolute numbers move with the machine.",
    ]
    return "\n".join(lines) + "\n" + "".join(of.values())


def sections(written: str) -> dict[str, str]:
    """What a page says, by title."""
    _, *bodies = written.split("\n## ")
    return {body.partition("\n")[0]: f"\n## {body.rstrip()}\n" for body in bodies}


def title_of(result: dict[str, Any]) -> str:
    return str(result.get("title", result["name"]))


def section(result: dict[str, Any]) -> str:
    lines = ["", f"## {title_of(result)}", "", "| what | measured | target | |", "| --- | --- | --- | --- |"]
    lines += [_row(row) for row in result["rows"]]
    if result.get("note"):
        lines += ["", result["note"]]
    return "\n".join(lines) + "\n"


def _row(row: dict[str, Any]) -> str:
    value = row["value"]
    number = f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:,.2f}"
    verdict = {True: "met", False: "**missed**"}.get(row.get("met"), "")
    return f"| {row['what']} | {number} {row.get('unit', '')} | {row.get('target', '')} | {verdict} |"


if __name__ == "__main__":
    sys.exit(main())
