"""Which pages may open sockets."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host


def origin_is_welcome(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Browsers name the page behind a socket, and a foreign page must not use its visitor's address; apps name none."""
    origins = [value.decode("latin-1") for name, value in headers if name == b"origin"]
    return all(_is_ours(origin) for origin in origins)


def _is_ours(origin: str) -> bool:
    if origin in settings.LIVE_ORIGINS:
        return True
    try:
        host = urlsplit(origin).hostname
    except ValueError:
        return False
    return host is not None and validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS)
