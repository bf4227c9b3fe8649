"""What may cross from one domain to another, told from the type hints while the interface is imported."""

import types
from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

_SCALARS = frozenset({str, int, float, bool, type(None), UUID, datetime, date, Decimal})
_RULE = (
    "only primitives, UUID, datetime, date, Decimal, enums, frozen dataclasses, "
    "and list, tuple, dict[str, ...] and unions of those cross between domains"
)


def check_crossing(hint: Any, *, where: str) -> None:
    """Raise TypeError, naming ``where``, unless values of this type can cross as themselves."""
    offender = next(_offenders(hint, path="", seen=set()), None)
    if offender is not None:
        raise TypeError(f"{where}: {offender}; {_RULE}")


def _offenders(hint: Any, *, path: str, seen: set[type]) -> Iterator[str]:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _SCALARS or origin is Literal:
        return
    if origin in (Union, types.UnionType, list):
        inner = arguments
    elif origin is tuple:
        inner = tuple(argument for argument in arguments if argument is not Ellipsis)
    elif origin is dict and arguments[0] is str:
        inner = arguments[1:]
    elif isinstance(hint, type) and issubclass(hint, Enum):
        return
    elif isinstance(hint, type) and is_dataclass(hint):
        yield from _in_dataclass(hint, path=path, seen=seen)
        return
    else:
        yield f"{hint!r}{path} can't"
        return
    for argument in inner:
        yield from _offenders(argument, path=path, seen=seen)


def _in_dataclass(hint: type, *, path: str, seen: set[type]) -> Iterator[str]:
    if hint in seen:  # a tree of comments holds comments
        return
    seen.add(hint)
    if not hint.__dataclass_params__.frozen:  # type: ignore[attr-defined]  # typeshed does not know it
        yield f"{hint.__qualname__}{path} is not frozen"
        return
    for name, inner in get_type_hints(hint).items():
        if name in hint.__dataclass_fields__:  # type: ignore[attr-defined]  # a ClassVar is no field
            yield from _offenders(inner, path=f" in {hint.__qualname__}.{name}{path}", seen=seen)
