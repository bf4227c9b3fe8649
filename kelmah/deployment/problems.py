"""What a gateway says by itself, in the words of the API: problem details (RFC 9457)."""

import orjson

from kelmah.errors import DomainError, NotFound, TooManyRequests, Unavailable
from kelmah.http.errors import BadGateway, BodyTooLarge, GatewayTimeout, Internal
from kelmah.http.problems import problem_body

_AGAIN = {"retry_after": 2}
UNREACHED = Unavailable("Try again in a moment.", data=_AGAIN)
OWN_ANSWERS: tuple[DomainError, ...] = (
    NotFound(),
    BodyTooLarge(),
    TooManyRequests("Slow down: try again later.", data={"retry_after": 1}),
    Internal(),
    BadGateway("Look whether it was carried out, or repeat it with the same Idempotency-Key.", data=_AGAIN),
    UNREACHED,
    GatewayTimeout("Look whether it was carried out, or repeat it with the same Idempotency-Key.", data=_AGAIN),
)


def gateway_problem(error: DomainError, *, request_id: str) -> str:
    """The body as one line of JSON. ``request_id`` is the gateway's variable for it."""
    return orjson.dumps(problem_body(error) | {"request_id": request_id}).decode()
