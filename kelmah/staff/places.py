"""Where the desks are: a domain's own under ``/admin/<domain>/``, everything else under ``/admin/`` with identity."""

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from kelmah.domain import is_local

HOME = "identity"  # where staff are known, and log in
# Of an address to come back to: what no browser rewrites into another one. No backslash, no dots that climb.
_PLAIN = re.compile(r"/[A-Za-z0-9_/.~%!$&'()*+,;=:@?-]*")
_CLIMBS = re.compile(r"(^|/)(\.|%2e){1,2}(/|$)|//|%2f|%5c", re.IGNORECASE)


def desk_root(domain: str) -> str:
    """The address of a domain's desk, on its own host."""
    return f"/admin/{domain}/"


def desk_at(path: str) -> str | None:
    """The domain of this process whose desk has this address; None for everything else."""
    _, _, rest = path.partition("/admin/")
    domain = rest.partition("/")[0]
    return domain if domain and path.startswith(desk_root(domain)) and is_local(domain) else None


def is_inside(address: str, domain: str) -> bool:
    """Whether a browser sent to this address is sure to end at the desk of this domain, and on the same host."""
    path = address.partition("?")[0]
    return bool(path.startswith(desk_root(domain)) and _PLAIN.fullmatch(address) and not _CLIMBS.search(path))


def public_url(domain: str) -> str:
    """What browsers put before the addresses of a domain's desk: the gateway, unless ``DESK_URLS`` says otherwise."""
    return str(settings.DESK_URLS.get(domain, settings.JWT_ISSUER)).rstrip("/")


def elsewhere() -> list[str]:
    """The domains whose desks are in other processes, by name."""
    return sorted(set(settings.DOMAINS) - set(settings.LOCAL_DOMAINS))


def other_desks(request: HttpRequest) -> list[dict[str, Any]]:
    """``UNFOLD["SITE_DROPDOWN"]``: the way from this desk to those of other processes."""
    return [
        {
            "title": domain.capitalize(),
            "link": public_url(domain) + ("/admin/" if domain == HOME else desk_root(domain)),
            "icon": "open_in_new",
        }
        for domain in elsewhere()
    ]
