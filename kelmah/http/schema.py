"""What a view's method says about itself, for the OpenAPI document and for the view base."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from kelmah.errors import DomainError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Example:
    """One named pair of a request body and the answer to it; either may be left out."""

    name: str
    request: Any = None
    response: Any = None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """See ``operation``."""

    summary: str
    description: str
    request: Any
    response: Any
    status: int
    errors: tuple[type[DomainError], ...]
    query: Any
    examples: tuple[Example, ...]
    page: bool
    dry_run: bool
    if_match: bool
    etag: bool
    name: str | None
    deprecated: bool


def operation(
    *,
    summary: str,
    description: str | None = None,
    request: Any = None,
    response: Any = None,
    status: int | None = None,
    errors: Sequence[type[DomainError]] = (),
    query: Any = None,
    example_request: Any = None,
    example_response: Any = None,
    examples: Sequence[Example] = (),
    page: bool | None = None,
    dry_run: bool | None = None,
    if_match: bool | None = None,
    name: str | None = None,
    deprecated: bool = False,
) -> Callable[[F], F]:
    """Describe one method of a ``View``.

    ``request``, ``response``: serializer classes (or instances), or ``{media type: type}`` for what is no JSON; with
    ``page`` the response is one item of the list.
    ``query``: a serializer of the query parameters. ``errors``: what this operation can be refused with, besides what
    the kernel adds (tokens, roles, limits, bodies, idempotency, versions). ``status`` of success: 200, or 204 without a
    response. ``description``: by default the method's docstring. ``page``, ``dry_run`` and ``if_match`` are seen from
    the method's own code (``keyset_page``, ``dry_run``, ``expected_version``) unless said. ``name``: the operationId,
    by default made of domain, method and view.
    """
    pair = (
        []
        if example_request is None and example_response is None
        else [Example("Example", example_request, example_response)]
    )

    def decorate(method: F) -> F:
        said = Operation(
            summary=summary,
            description=inspect.cleandoc(description or method.__doc__ or ""),
            request=request,
            response=response,
            status=status or (204 if response is None else 200),
            errors=tuple(errors),
            query=query,
            examples=(*pair, *examples),
            page=_mentions(method, "keyset_page", "page_response") if page is None else page,
            dry_run=_mentions(method, "dry_run") if dry_run is None else dry_run,
            if_match=_mentions(method, "expected_version") if if_match is None else if_match,
            etag=_mentions(method, "with_etag"),
            name=name,
            deprecated=deprecated,
        )
        method.__kelmah_operation__ = said  # type: ignore[attr-defined]
        return method

    return decorate


def operation_of(method: Any) -> Operation | None:
    """What ``operation`` said about a method, bound or not."""
    found: Operation | None = getattr(method, "__kelmah_operation__", None)
    return found


def _mentions(method: Callable[..., Any], *names: str) -> bool:
    code = inspect.unwrap(method).__code__
    return any(name in code.co_names for name in names)
