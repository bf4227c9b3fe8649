"""JSON of calls and answers: ``{"args": {...}}`` -> ``{"value": ...}`` or ``{"code", "detail", "data", "errors"}``.

The server is strict about arguments; the client tolerates fields it doesn't know in results, so that the provider of an
interface can be deployed first.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, NotRequired, Required

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import PydanticSerializationError
from typing_extensions import TypedDict  # pydantic refuses typing's own before 3.12

from kelmah.errors import DomainError, FieldError
from kelmah.rpc.errors import BadArguments, RemoteFailure
from kelmah.rpc.service import Method


class _Failure(TypedDict):
    code: str
    detail: str
    data: dict[str, Any]
    errors: list[FieldError]


_FAILURE = TypeAdapter(_Failure)


@cache
def call_adapter(method: Method) -> TypeAdapter[Any]:
    arguments = {
        name: NotRequired[hint] if name in method.optional else Required[hint] for name, hint in method.takes.items()
    }
    inner = _typed_dict(f"{method} args", arguments, extra="forbid")
    return TypeAdapter(_typed_dict(f"{method} call", {"args": Required[inner]}, extra="forbid"))


@cache
def result_adapter(method: Method) -> TypeAdapter[Any]:
    return TypeAdapter(_typed_dict(f"{method} result", {"value": Required[method.gives]}, extra="ignore"))


def encode_arguments(method: Method, arguments: Mapping[str, Any]) -> bytes:
    """Raises TypeError, as Python would, for arguments that the method doesn't take."""
    adapter = call_adapter(method)
    try:
        return adapter.dump_json(adapter.validate_python({"args": arguments}), warnings="error")
    except (ValidationError, PydanticSerializationError) as error:
        raise TypeError(f"{method}: {error}") from error


def decode_arguments(method: Method, body: bytes) -> dict[str, Any]:
    """Raises BadArguments, which names each wrong one."""
    try:
        call: dict[str, dict[str, Any]] = call_adapter(method).validate_json(body)
    except ValidationError as error:
        raise BadArguments(
            errors=[
                FieldError("/" + "/".join(str(step) for step in wrong["loc"]), wrong["type"], wrong["msg"])
                for wrong in error.errors(include_url=False, include_input=False, include_context=False)
            ]
        ) from error
    return call["args"]


def encode_result(method: Method, value: Any) -> bytes:
    """Raises TypeError when the implementation returns what it doesn't promise."""
    try:
        return result_adapter(method).dump_json({"value": value}, warnings="error")
    except PydanticSerializationError as error:
        raise TypeError(f"{method} returned what its interface does not promise: {error}") from error


def encode_error(error: DomainError) -> bytes:
    """Raises TypeError when ``error.data`` holds anything but plain JSON values."""
    failure = {"code": error.code, "detail": error.detail, "data": error.data}
    return json.dumps(failure | {"errors": [field.as_json() for field in error.errors]}).encode()


def is_failure(body: bytes) -> bool:
    """Whether it was one of us who answered: what a balancer writes, JSON or not, is no failure of the wire."""
    try:
        _FAILURE.validate_json(body)
    except ValidationError:
        return False
    return True


def decode_answer(method: Method, status: int, body: bytes) -> Any:
    """The value, or the error that the implementation raised, as the same class. Raises RemoteFailure for all else."""
    try:
        if status == 200:
            return result_adapter(method).validate_json(body)["value"]
        failure = _FAILURE.validate_json(body)
    except ValidationError as error:
        raise RemoteFailure(f"{method} answered {status} with what its interface does not promise.") from error
    known = method.errors.get(failure["code"])
    if known is None:
        raise RemoteFailure(f"{method} failed: {failure['detail']}", data={"code": failure["code"], "status": status})
    # Not through the subclass's own __init__: a friendlier signature for the raiser must not break the wire.
    refusal = known.__new__(known)
    DomainError.__init__(refusal, failure["detail"], errors=failure["errors"], data=failure["data"])
    raise refusal


def _typed_dict(name: str, fields: dict[str, Any], *, extra: Literal["forbid", "ignore"]) -> Any:
    """Strict, all the way down: nested dataclasses inherit the configuration."""
    shape = TypedDict(name, fields)  # type: ignore[misc]  # made from an interface at run time
    return with_config(ConfigDict(strict=True, extra=extra))(shape)
