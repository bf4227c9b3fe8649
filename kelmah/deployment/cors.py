"""What pages of other origins may send and see (CORS), the same at every gateway.

Tokens travel in a header, never in a cookie: no credentials are allowed.
"""

import re
from collections.abc import Sequence

ALLOWED_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
ALLOWED_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Request-ID",
    "traceparent",
)
EXPOSED_HEADERS = (
    "Content-Disposition",
    "ETag",
    "Idempotency-Replayed",
    "Kelmah-Dry-Run",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
)
PREFLIGHT_SECONDS = 3600
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]+)?")


def check_origins(origins: Sequence[str]) -> Sequence[str]:
    """The same origins. Raises ValueError for what is none: a scheme, a host and perhaps a port, nothing more."""
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin: for example https://app.example.com")
    return origins
