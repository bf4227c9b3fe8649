"""Nobody tells us an address to fetch: no picture, preview or webhook is asked for by one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

if not settings.IDENTITY_IS_LOCAL:
    pytest.skip("it is the document of all domains", allow_module_level=True)

from kelmah.http.openapi_view import build_document

_FORMATS = {"uri", "uri-reference", "iri", "url", "hostname", "ipv4", "ipv6"}
_NAMES = re.compile(r"(?:^|_)(?:url|uri|href|link|host|domain|callback|webhook|redirect|image|avatar|picture)s?(?:_|$)")

# Where a browser is sent, from a list of ours, after a login elsewhere: never asked for anything.
KNOWN = {("/api/v1/auth/social/{provider}/start", "redirect_to")}


def fields(schema: Any, document: Any, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, Any]]:
    """Every field that a body of this schema may have, however deep."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in seen:
        return
    schema, seen = (document["components"]["schemas"][name], seen | {name}) if name else (schema, seen)
    for field, inner in schema.get("properties", {}).items():
        yield field, inner
        yield from fields(inner, document, seen)
    for inner in (schema.get("items"), *schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        if inner:
            yield from fields(inner, document, seen)


def asked_for(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query":
                    yield path, parameter["name"], parameter.get("schema", {})
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for field, schema in fields(content.get("schema", {}), document):
                    yield path, field, schema


def test_no_field_of_any_request_is_an_address_that_we_would_fetch() -> None:
    found = list(asked_for(build_document(settings.ROOT_URLCONF)))
    assert len(found) > 150
    addresses = {(path, n) for path, n, schema in found if _NAMES.search(n) or schema.get("format") in _FORMATS}
    assert addresses == KNOWN
