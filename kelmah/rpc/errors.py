"""How a call fails when it isn't the called domain that refuses."""

from collections.abc import Mapping

import kelmah.errors
from kelmah.errors import DomainError
from kelmah.money import UnknownCurrency


class CallInsideTransaction(RuntimeError):
    """A call was made while its caller held a transaction open: ask first, then open it."""


class CallerNotAllowed(RuntimeError):
    """The calling domain is not among the interface's ``callers``."""


class RemoteFailure(DomainError):
    """The other side failed, or answered something its interface doesn't promise. Catch this to fail open."""

    code, status, title = "remote_failure", 502, "Another part of the service failed"


class RemoteUnavailable(RemoteFailure):
    """The other side can't be reached or can't answer now."""

    code, status, title = "remote_unavailable", 503, "Another part of the service is not available now: try again"


class DeadlineExceeded(RemoteFailure):
    """The time of the call, or of the call it serves, ran out. Whether the work was done is unknown."""

    code, status, title = "deadline_exceeded", 504, "This took too long: try again"


class WireRefusal(DomainError):
    """The server turned a request away before any implementation saw it.

    These codes are in no client's table: to the caller a wrongly signed call is a RemoteFailure, never its own 401.
    """


class BadSignature(WireRefusal):
    code, status, title = "rpc_bad_signature", 401, "The signature does not hold"


class CallerRefused(WireRefusal):
    code, status, title = "rpc_caller_refused", 403, "This caller may not call this domain"


class UnknownMethod(WireRefusal):
    code, status, title = "rpc_unknown_method", 404, "No such method is served here"


class NotPosted(WireRefusal):
    code, status, title = "rpc_not_posted", 405, "Calls are POSTed"


class BadArguments(WireRefusal):
    code, status, title = "rpc_bad_arguments", 400, "The arguments are not those of the interface"


class BodyTooLarge(WireRefusal):
    code, status, title = "rpc_body_too_large", 413, "The body is too large"


class ReplayGuardDown(WireRefusal):
    """Without the memory of nonces a replay can't be told from a call: nothing is served."""

    code, status, title = "rpc_replay_guard_down", 503, "Nonces can't be checked now: try again"


# What any implementation may raise without saying so in ``raises``, by code.
COMMON: Mapping[str, type[DomainError]] = {
    error.code: error
    for error in (*vars(kelmah.errors).values(), UnknownCurrency, RemoteFailure, RemoteUnavailable, DeadlineExceeded)
    if isinstance(error, type) and issubclass(error, DomainError)
}
