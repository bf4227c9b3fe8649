"""What every answer to a program tells browsers: guess nothing, keep nothing, run nothing."""

from django.http.response import HttpResponseBase

_JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"
_HTML_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def protect(response: HttpResponseBase) -> HttpResponseBase:
    """Add the headers. A response that set its own ``Cache-Control`` (public keys, say) keeps it."""
    is_html = response.headers.get("Content-Type", "").startswith("text/html")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Content-Security-Policy"] = _HTML_POLICY if is_html else _JSON_POLICY
    response.headers.setdefault("Cache-Control", "no-store")
    return response
