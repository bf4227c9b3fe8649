"""Requests and answers against the SDK's types, which Stripe generates from its own specification."""

import re
import sys
from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Any, Dict, Literal, TypeVar, Union, get_args, get_origin  # noqa: UP035 - as the SDK writes it

import stripe
from pydantic import TypeAdapter, ValidationError

_T = TypeVar("_T")
_PLAIN = {int: int, str: str, bool: bool, float: (int, float)}


class UnknownParameter(ValueError):
    """Something that Stripe doesn't take, or not so."""


def read(kind: type, form: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of a request of this kind. Raises UnknownParameter."""
    try:
        return _adapter(kind).validate_python(_tree(form), extra="forbid")
    except ValidationError as error:
        raise UnknownParameter("; ".join(f"{e['loc']}: {e['msg']}" for e in error.errors())) from None


def blank(kind: type) -> dict[str, Any]:
    """An object of this kind with every field that Stripe documents, empty."""
    return {name: _empty(wanted) for name, wanted in _fields(kind).items()}


def problems(data: Mapping[str, Any], kind: type, path: str = "") -> list[str]:
    """What about an object is not as Stripe documents it."""
    fields = _fields(kind)
    found = [f"{path}{name}: not documented" for name in data.keys() - fields.keys()]
    found += [f"{path}{name}: missing" for name in fields.keys() - data.keys() if not _optional(fields[name])]
    for name in data.keys() & fields.keys():
        found += _mismatch(data[name], fields[name], f"{path}{name}")
    return found


# Private functions


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    # What the SDK imports for type checkers only.
    only_for_checkers = {"StripeContext": str, "Mapping": Mapping, "UntypedStripeObject": Dict[str, _T]}  # noqa: UP006
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    adapter.rebuild(_types_namespace=vars(sys.modules[kind.__module__]) | only_for_checkers, raise_errors=True)
    return adapter


def _tree(form: Mapping[str, str]) -> dict[str, Any]:
    """``{"metadata[order]": …}`` as ``{"metadata": {"order": …}}``, ``{"expand[0]": …}`` as a list."""
    tree: dict[str, Any] = {}
    for name, value in form.items():
        first, *rest = re.findall(r"[^\[\]]+", name)
        place, last = tree, first
        for part in rest:
            place = place.setdefault(last, {})
            last = part
        place[last] = value
    return {name: _listed(value) for name, value in tree.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if all(name.isdecimal() for name in value):
        return [_listed(value[name]) for name in sorted(value, key=int)]
    return {name: _listed(inner) for name, inner in value.items()}


@cache
def _fields(kind: type) -> dict[str, Any]:
    module = vars(sys.modules[kind.__module__])
    found = {}
    for name, wanted in kind.__annotations__.items():
        if name.startswith("_") or name.isupper():
            continue
        found[name] = _resolved(wanted, vars(kind), module)
    return found


def _resolved(wanted: Any, own: Mapping[str, Any], module: Mapping[str, Any]) -> Any:
    """What the SDK names only for type checkers is something here: ``Any``."""
    if not isinstance(wanted, str):
        return wanted
    try:
        return eval(wanted, {**vars(stripe), **module}, dict(own))
    except NameError:
        return Any


def _documented(wanted: Any) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, stripe.StripeObject)


def _optional(wanted: Any) -> bool:
    return type(None) in get_args(wanted)


def _empty(wanted: Any) -> Any:
    if _optional(wanted) or wanted is Any:
        return None
    origin = get_origin(wanted)
    if origin is list:
        return []
    if origin is Literal:
        return get_args(wanted)[0]
    if origin in (Union, UnionType):
        return _empty(get_args(wanted)[0])
    if wanted in _PLAIN:
        return wanted()
    return blank(wanted) if _documented(wanted) else {}


def _mismatch(value: Any, wanted: Any, path: str) -> list[str]:
    if wanted is Any or isinstance(wanted, (str, TypeVar)) or (value is None and _optional(wanted)):
        return []
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in (Union, UnionType):
        each = [_mismatch(value, one, path) for one in arguments if one is not type(None)]
        return min(each, key=len)
    if origin is Literal:
        return [] if value in arguments else [f"{path}: {value!r} is none of {arguments}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{path}: {value!r} is no list"]
        return [p for number, one in enumerate(value) for p in _mismatch(one, arguments[0], f"{path}[{number}]")]
    if wanted in _PLAIN:
        right = isinstance(value, _PLAIN[wanted]) and isinstance(value, bool) == (wanted is bool)
        return [] if right else [f"{path}: {value!r} is no {wanted.__name__}"]
    if isinstance(value, Mapping) and _documented(wanted):
        return problems(value, wanted, f"{path}.")
    return [] if isinstance(value, Mapping) else [f"{path}: {value!r} is no object"]
