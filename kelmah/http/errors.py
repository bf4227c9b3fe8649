"""The refusals that the HTTP edge itself can give, whatever the domain."""

from kelmah.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidInput,
    PreconditionRequired,
    StaleVersion,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)


class TokenInvalid(Unauthenticated):
    """The bearer token is not ours, not for us, altered, or belongs to a session that was ended."""

    code, title = "token_invalid", "This access token is not valid: log in again"


class TokenExpired(Unauthenticated):
    """The token was good once: refresh it and repeat the request."""

    code, title = "token_expired", "This access token has expired: refresh it"


class TokenStale(Unauthenticated):
    """What the caller may do has changed since the token was made: refresh it and repeat the request."""

    code, title = "token_stale", "Your rights have changed: refresh this access token"


class WrongRole(Forbidden):
    code, title = "wrong_role", "Your role does not allow this"


class KeyNotAllowed(Forbidden):
    """A program asked where only a person may."""

    code, title = "key_not_allowed", "API keys don't work here: a person must log in"


class ScopeMissing(Forbidden):
    """``scope`` of the problem says which."""

    code, title = "scope_missing", "This API key lacks the scope that is needed here"


class ImpersonationRefused(Forbidden):
    """Staff who look as somebody else look, and do nothing in their name."""

    code, title = "impersonation_refused", "This can't be done while impersonating somebody"


class Restricted(Forbidden):
    """``data`` says where to read why and until when, and to appeal."""

    code, title = "restricted", "Your account may not do this for a time: GET /api/v1/me/restrictions says why"


class StepUpRequired(Forbidden):
    """The last proof of who is there is more than ten minutes old. ``data`` says where to prove it again; repeat the
    request with the access token that answers."""

    code, title = "step_up_required", "Prove again who you are: POST /api/v1/auth/step-up"


class EnrolmentRequired(Forbidden):
    """The caller's role needs a second factor, and this session has not shown one: it may only add or show one."""

    code, title = "enrolment_required", "Your role needs a second factor: add one, or prove the one you have"


class BadRequest(DomainError):
    code, status, title = "bad_request", 400, "The request could not be understood"


class BodyMalformed(BadRequest):
    code, title = "body_malformed", "The body is not valid JSON"


class BodyTooDeep(BadRequest):
    code, title = "body_too_deep", "The body is nested too deeply"


class BodyNotAnObject(BadRequest):
    code, title = "body_not_an_object", "The body must be a JSON object"


class BodyTooLarge(DomainError):
    code, status, title = "body_too_large", 413, "The body is too large"


class LengthRequired(DomainError):
    """WSGI applications read as much as ``Content-Length`` says; a chunked body would be taken for an empty one."""

    code, status, title = "length_required", 411, "Send Content-Length: a body in chunks is not read"


class MethodNotAllowed(DomainError):
    code, status, title = "method_not_allowed", 405, "This resource does not know this method"


class NotAcceptable(DomainError):
    code, status, title = "not_acceptable", 406, "Only application/json is served here"


class UnsupportedMediaType(DomainError):
    code, status, title = "unsupported_media_type", 415, "Send the body as application/json"


class Internal(DomainError):
    """A fault of ours; the request id finds it in the logs."""

    code, status, title = "internal_error", 500, "Something went wrong on our side"


class BadGateway(DomainError):
    """The gateway reached a process that then failed: whether the request was carried out is not known."""

    code, status, title = "bad_gateway", 502, "A part of the service broke off before it answered"


class GatewayTimeout(DomainError):
    """The gateway stopped waiting: the request may still be carried out."""

    code, status, title = "gateway_timeout", 504, "A part of the service did not answer in time"


class CursorInvalid(InvalidInput):
    """Altered, made for another list, or given to somebody else."""

    code, title = "cursor_invalid", "This cursor is not valid here: begin again without one"


class IfMatchMalformed(InvalidInput):
    code, title = "if_match_malformed", 'If-Match must be one version in quotes, as in If-Match: "3"'


class DryRunNotSupported(InvalidInput):
    code, title = "dry_run_not_supported", "This operation can't be rehearsed"


class IdempotencyKeyRequired(InvalidInput):
    code, title = "idempotency_key_required", "Send an Idempotency-Key header"
    advice = (
        "Send an Idempotency-Key header: any fresh random text, and the same one again when you repeat this request."
    )


class IdempotencyKeyMalformed(InvalidInput):
    code, title = "idempotency_key_malformed", "An Idempotency-Key has 1 to 255 visible ASCII characters"


class IdempotencyKeyReused(Unprocessable):
    code, title = "idempotency_key_reused", "This Idempotency-Key was used for another request"
    advice = "Use a fresh Idempotency-Key for another request: the old one only repeats the very same request."


class RequestInFlight(Conflict):
    code, title = "request_in_flight", "The first request with this Idempotency-Key is still being carried out"


class RequestAlreadyCarriedOut(Conflict):
    """The effect of the first request exists, but its answer was lost on the way: read the resource."""

    code, title = "request_already_carried_out", "The first request was carried out: read the resource for its result"


# What any operation can answer with, besides its own errors.
ALWAYS: tuple[type[DomainError], ...] = (
    InvalidInput,
    TokenInvalid,
    TokenExpired,
    TokenStale,
    TooManyRequests,
    Internal,
    Unavailable,
)
WITH_BODY: tuple[type[DomainError], ...] = (BodyMalformed, BodyTooLarge, UnsupportedMediaType)
WITH_IF_MATCH: tuple[type[DomainError], ...] = (StaleVersion, PreconditionRequired)
WITH_IDEMPOTENCY: tuple[type[DomainError], ...] = (IdempotencyKeyReused, RequestInFlight, RequestAlreadyCarriedOut)
