"""Typed errors.

Every refusal is a ``DomainError`` with a stable ``code``. The same object becomes an RFC 9457 problem at the HTTP
edge (``kelmah.http.problems``) and crosses to another process as itself (``kelmah.rpc``). Plain Python, so that rules
may raise them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; ``pointer`` is a JSON pointer into the request body (RFC 6901)."""

    pointer: str
    code: str
    detail: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


class DomainError(Exception):
    """A refusal that the caller can understand and act upon.

    Subclasses set ``code`` (stable, snake_case), ``status`` (HTTP) and ``title``. ``detail`` tells the caller what to
    do next, by default ``advice`` where the title does not say it; ``data`` carries plain JSON values for machines.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request was refused"
    advice: ClassVar[str] = ""

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.detail = detail or self.advice or self.title
        self.errors = tuple(errors)
        self.data = dict(data or {})
        super().__init__(self.detail)

    @property
    def retry_after(self) -> int | None:
        """Seconds after which trying again makes sense, if it does."""
        value = self.data.get("retry_after")
        return int(value) if value is not None else None


class InvalidInput(DomainError):
    code, status, title = "invalid_input", 400, "Some fields are not valid"


class Unauthenticated(DomainError):
    code, status, title = "unauthenticated", 401, "Log in to do this"


class Forbidden(DomainError):
    code, status, title = "forbidden", 403, "You may not do this"


class NotFound(DomainError):
    """Absent, or not yours: the two are never told apart."""

    code, status, title = "not_found", 404, "There is no such thing here"


class Conflict(DomainError):
    code, status, title = "conflict", 409, "This conflicts with the present state"


class InvalidTransition(Conflict):
    code, title = "invalid_transition", "This step is not possible from the present state"


class StaleVersion(DomainError):
    code, status, title = "stale_version", 412, "Somebody changed this in the meantime: read it again"


class PreconditionRequired(DomainError):
    code, status, title = "precondition_required", 428, "Send the ETag you last saw as If-Match"


class Unprocessable(DomainError):
    code, status, title = "unprocessable", 422, "This can't be carried out as asked"


class TooManyRequests(DomainError):
    code, status, title = "too_many_requests", 429, "Too many requests"


class Unavailable(DomainError):
    """A part of the system can't answer now; ``data["retry_after"]`` says when to try again."""

    code, status, title = "unavailable", 503, "A part of the service is not available now: try again"
