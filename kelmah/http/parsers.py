"""Reading bodies: bounded before anything is parsed."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.parsers import BaseParser

from kelmah.http.errors import BodyMalformed, BodyNotAnObject, BodyTooDeep, BodyTooLarge

MAX_BYTES = 1_048_576
MAX_DEPTH = 64


class JSONParser(BaseParser):
    """``application/json``: one object, at most 1 MiB and 64 levels, strict UTF-8 JSON (no NaN, no lone surrogates)."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        declared = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0
        if int(declared) > MAX_BYTES:
            raise BodyTooLarge(f"A JSON body may have {MAX_BYTES} bytes.")
        content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise BodyTooLarge(f"A JSON body may have {MAX_BYTES} bytes.")
        return parse_object(content)


def parse_object(content: bytes) -> dict[str, Any]:
    """The object that ``content`` holds. Raises BodyMalformed, BodyTooDeep, BodyNotAnObject."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if "depth limit" in str(error):
            raise BodyTooDeep from None
        raise BodyMalformed(f"The body is not valid JSON: line {error.lineno}, column {error.colno}.") from None
    if not isinstance(value, dict):
        raise BodyNotAnObject
    _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    """By levels instead of recursion: the input chooses the depth, not the stack."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise BodyTooDeep(f"A body may have {MAX_DEPTH} levels.")
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
