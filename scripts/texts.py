"""The catalogues of translations: collects every text that people may read, and compiles what was translated.

scripts/texts.py           bring locale/*/LC_MESSAGES/django.po up to date with the code, and compile
scripts/texts.py --check   only say whether that was done

A text is found by where it stands, since rules and errors are plain Python and call no gettext: titles and details of
errors, details of fields, and whatever is marked. A text put together from parts can't be looked up and stays English.
"""

import ast
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "locale"
CODE = ("kelmah", "domains")
MARKS = frozenset({"_", "gettext", "marked"})
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
ERROR_CALLS = frozenset({"FieldError", "Unavailable", "ValidationError", "RegexValidator", "_refused"})
ERROR_NAMES = frozenset({"title", "advice", "detail", "message"})


def main(arguments: list[str]) -> int:
    texts = dict(collected())
    checking = "--check" in arguments
    stale = [po for po in sorted(LOCALE.glob("*/LC_MESSAGES/django.po")) if not refreshed(po, texts, checking=checking)]
    for po in stale:
        print(f"{po.relative_to(ROOT)} is stale: run scripts/texts.py")
    return 1 if stale else 0


def collected() -> Iterator[tuple[str, str]]:
    """Every text with the first file it stands in."""
    seen = set()
    for folder in CODE:
        for file in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" in file.parts:
                continue
            for text in texts_of(ast.parse(file.read_text())):
                if text not in seen:
                    seen.add(text)
                    yield text, str(file.relative_to(ROOT))


def texts_of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _texts_of_call(node)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield from _sentences(node.exc.args[:1])
        elif isinstance(node, ast.Assign):
            yield from _texts_of_assignment(node)


def refreshed(po: Path, texts: dict[str, str], *, checking: bool) -> bool:
    """Whether the catalogue and its compiled form are (or now were made) up to date."""
    language = po.parts[-3]
    with po.open("rb") as file:
        old = read_po(file, locale=language)
    # Dates would make every run a change.
    new = Catalog(locale=language, project="Kelmah", fuzzy=False, creation_date=NO_DATE, revision_date=NO_DATE)
    for text, place in sorted(texts.items(), key=lambda item: (item[1], item[0])):
        known = old.get(text)
        new.add(text, known.string if known else "", locations=[(place, 0)])
    written, compiled = io.BytesIO(), io.BytesIO()
    write_po(written, new, omit_header=True, include_lineno=False, sort_output=False)
    write_mo(compiled, new)
    mo = po.with_suffix(".mo")
    header = b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    wanted = {po: header + written.getvalue(), mo: compiled.getvalue()}
    if checking:
        return all(path.exists() and path.read_bytes() == content for path, content in wanted.items())
    for path, content in wanted.items():
        path.write_bytes(content)
    open_ = sum(not message.string for message in new if message.id)
    print(f"{po.relative_to(ROOT)}: {len(texts)} texts, {open_} not translated yet")
    return True


# Private functions


def _texts_of_call(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in MARKS:
        yield from (arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))
    elif name in ERROR_CALLS:
        yield from _sentences(call.args)
    yield from _sentences(keyword.value for keyword in call.keywords if keyword.arg == "detail")


def _texts_of_assignment(node: ast.Assign) -> Iterator[str]:
    """``title = "…"``, ``code, title = "…", "…"`` and ``detail = "…"``."""
    for target in node.targets:
        if isinstance(target, ast.Name) and target.id in ERROR_NAMES:
            yield from _sentences([node.value])
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            for name, value in zip(target.elts, node.value.elts, strict=False):
                if isinstance(name, ast.Name) and name.id in ERROR_NAMES:
                    yield from _sentences([value])


def _sentences(nodes: object) -> Iterator[str]:
    """Texts for people begin with a capital and have a space; codes, pointers and patterns don't."""
    for node in nodes:  # type: ignore[attr-defined]
        if isinstance(node, ast.IfExp):
            yield from _sentences([node.body, node.orelse])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if text[:1].isupper() and " " in text:
                yield text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
