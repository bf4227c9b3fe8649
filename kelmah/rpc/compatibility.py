"""What in a newer interface would break those who still call by the older.

Arguments are written by the older and read by the newer; results the other way round. So one question answers both:
can the reader read everything that the writer may write?
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kelmah.rpc.schema import Document

Schema = dict[str, Any]


def breaks(older: Document, newer: Document) -> list[str]:
    """Sentences, none when every caller by the older document can go on."""
    return list(_breaks(older, newer))


def _breaks(older: Document, newer: Document) -> Iterator[str]:
    domain = older["domain"]
    for caller in sorted(set(older["callers"]) - set(newer["callers"])):
        yield f"{domain}: {caller} may no longer call"
    for name, was in older["methods"].items():
        now = newer["methods"].get(name)
        if now is None:
            yield f"{domain}.{name} was removed"
            continue
        yield from _Reading(reader=now["takes"], writer=was["takes"]).problems(f"{domain}.{name} takes")
        yield from _Reading(reader=was["gives"], writer=now["gives"]).problems(f"{domain}.{name} gives")


@dataclass(frozen=True)
class _Reading:
    reader: Schema
    writer: Schema

    def problems(self, where: str) -> Iterator[str]:
        yield from self._compare(self.reader, self.writer, where, frozenset())

    def _compare(self, reader: Schema, writer: Schema, where: str, open_refs: frozenset[Any]) -> Iterator[str]:
        refs = (reader.get("$ref"), writer.get("$ref"))
        if refs in open_refs:  # a tree of comments holds comments
            return
        if any(refs):
            open_refs |= {refs}
        reader, writer = _resolve(self.reader, reader), _resolve(self.writer, writer)
        for branch in writer.get("anyOf", ()):
            yield from self._compare(reader, branch, where, open_refs)
        if "anyOf" in writer:
            return
        if "anyOf" in reader:
            if all(any(self._compare(branch, writer, where, open_refs)) for branch in reader["anyOf"]):
                yield f"{where}: {_name(writer)} is none of {', '.join(map(_name, reader['anyOf']))}"
        elif not _same_kind(reader, writer):
            yield f"{where}: {_name(writer)} can't be read as {_name(reader)}"
        else:
            yield from self._compare_parts(reader, writer, where, open_refs)

    def _compare_parts(self, reader: Schema, writer: Schema, where: str, open_refs: frozenset[Any]) -> Iterator[str]:
        read, written = reader.get("properties", {}), writer.get("properties", {})
        for name in reader.get("required", ()):
            if name not in writer.get("required", ()):
                yield f"{where}.{name}: required by the reader, but not always written"
        for name, inner in written.items():
            if name in read:
                yield from self._compare(read[name], inner, f"{where}.{name}", open_refs)
            elif reader.get("additionalProperties") is False:
                yield f"{where}.{name}: no longer accepted"
        for key in ("items", "additionalProperties"):
            if isinstance(reader.get(key), dict):
                yield from self._compare(reader[key], writer[key], f"{where}[]", open_refs)
        for position, pair in enumerate(zip(reader.get("prefixItems", ()), writer.get("prefixItems", ()), strict=True)):
            yield from self._compare(*pair, f"{where}[{position}]", open_refs)


def _resolve(root: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _same_kind(reader: Schema, writer: Schema) -> bool:
    values, wanted = _values(writer), _values(reader)
    if wanted is not None:
        return values is not None and values <= wanted
    kinds = (reader.get("type"), writer.get("type"))
    same_type = kinds[0] == kinds[1] or kinds == ("number", "integer")
    return same_type and reader.get("format") == writer.get("format") and _shape(reader) == _shape(writer)


def _values(schema: Schema) -> frozenset[Any] | None:
    """The values of an enum or a literal."""
    if "const" in schema:
        return frozenset({schema["const"]})
    return frozenset(schema["enum"]) if "enum" in schema else None


def _shape(schema: Schema) -> tuple[bool, bool, bool, int]:
    """Record, list, mapping, or a tuple of so many."""
    mapping = isinstance(schema.get("additionalProperties"), dict)
    return "properties" in schema, "items" in schema, mapping, len(schema.get("prefixItems", ()))


def _name(schema: Schema) -> str:
    if (values := _values(schema)) is not None:
        return "|".join(sorted(map(str, values)))
    return str(schema.get("format") or schema.get("type") or schema.get("$ref", "anything").rsplit("/", 1)[-1])
