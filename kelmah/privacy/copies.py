"""A copy of somebody's rows, as JSON in parts that a call can carry."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import BinaryField, GeneratedField, QuerySet

LONGEST: Final = 200_000  # characters of a part; a call takes a megabyte of bytes

Keep = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of the copy: ``name`` says what it holds, ``content`` is a JSON array."""

    name: str
    content: str
    records: int


def records_of(rows: QuerySet[Any], *, without: Iterable[str] = ()) -> Iterator[dict[str, Any]]:
    """The columns of rows, by name. Never bytes, which are hashes, keys and sealed values, nor what is computed."""
    hidden = set(without)
    fields = [
        field.attname
        for field in rows.model._meta.concrete_fields
        if not isinstance(field, (BinaryField, GeneratedField)) and field.attname not in hidden
    ]
    for row in rows.iterator(chunk_size=500):
        yield {name: getattr(row, name) for name in fields}


def parts_of(sections: Mapping[str, Iterable[Mapping[str, Any]]]) -> Iterator[Part]:
    """All records, section by section, in parts of a size that can travel. An empty section is one empty part."""
    for section, records in sections.items():
        number, lines, length = 1, list[str](), 0
        for record in records:
            line = json.dumps(record, cls=_Plain, ensure_ascii=False)
            if lines and length + len(line) > LONGEST:
                yield _part(section, number, lines)
                number, lines, length = number + 1, [], 0
            lines.append(line)
            length += len(line)
        yield _part(section, number, lines)


def hand_over(
    sections: Mapping[str, Iterable[Mapping[str, Any]]], *, domain: str, request_id: UUID, user_id: UUID, keep: Keep
) -> dict[str, int]:
    """Bring every part to whoever keeps them (``files.keep_export_part``); how many records of each section went.

    Outside of any transaction; again is safe: a part of the same name is replaced.
    """
    counts: dict[str, int] = {}
    for part in parts_of(sections):
        keep(request_id=request_id, owner_id=user_id, name=f"{domain}/{part.name}", content=part.content)
        section = part.name.split(".")[0]
        counts[section] = counts.get(section, 0) + part.records
    return counts


# Private functions


class _Plain(DjangoJSONEncoder):
    """Whatever a column holds that JSON has no form for, ranges for one, as its text."""

    def default(self, o: Any) -> Any:
        try:
            return super().default(o)
        except TypeError:
            return str(o)


def _part(section: str, number: int, lines: list[str]) -> Part:
    name = f"{section}.json" if number == 1 else f"{section}.{number}.json"
    content = "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"
    return Part(name=name, content=content, records=len(lines))
