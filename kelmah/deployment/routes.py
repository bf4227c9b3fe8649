"""Which domain's process answers which address, for every gateway there is.

Read from the domains themselves, so that a new resource is routed by being written. Calls and events between domains
(``/internal/``) are in no route: whoever comes from outside finds nothing there.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module  # noqa: TID251 - of a module that the configuration names
from typing import Literal

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string, module_has_submodule

from kelmah.domain import DomainConfig, local_domains

Kind = Literal["api", "live"]

API_ROOT = "/api/v1/"
ADMIN_ROOT = "/admin/"
# What belongs to no domain is served where the people of the staff desk are known.
_SHARED = (
    ADMIN_ROOT,
    settings.STATIC_URL,
    "/.well-known/jwks.json",
    "/api/schema",
    "/api/docs",
    "/problems/",
    "/health/",
)


@dataclass(frozen=True, order=True)
class Route:
    """``path`` means itself, and whatever follows it after a ``/``; the longest path that fits an address wins."""

    path: str
    domain: str
    kind: Kind

    def fits(self, address: str) -> bool:
        return address == self.path or address.startswith(self.path.rstrip("/") + "/")


def route_table() -> tuple[Route, ...]:
    """Every route of the deployed domains, longest path first.

    All of them must be installed here. Raises ImproperlyConfigured when they are not, or when two claim one address.
    """
    if set(settings.LOCAL_DOMAINS) != set(settings.DOMAINS):
        missing = ", ".join(sorted(set(settings.DOMAINS) - set(settings.LOCAL_DOMAINS)))
        raise ImproperlyConfigured(f"The routes of {missing} are not known here: unset LOCAL_DOMAINS.")
    return table_of(local_domains())


def table_of(configs: Iterable[DomainConfig]) -> tuple[Route, ...]:
    """The routes of these domains. Raises ImproperlyConfigured when two claim one address."""
    configs = list(configs)
    people = settings.AUTH_USER_MODEL.partition(".")[0]
    shared = (Route(path, people, "api") for path in _SHARED)
    routes = {*shared, *(route for config in configs for route in _routes_of(config, people=people))}
    claims = defaultdict(set)
    for route in routes:
        claims[route.path].add(route.domain)
    for path, domains in sorted(claims.items()):
        if len(domains) > 1:
            raise ImproperlyConfigured(
                f"{path} is claimed by {' and '.join(sorted(domains))}: one must rename its own."
            )
    return tuple(sorted(routes, key=lambda route: (-len(route.path), route)))


def find_route(routes: Iterable[Route], address: str) -> Route | None:
    """The route of this path, or None when no process may see it. ``routes`` as ``route_table`` gives them."""
    return next((route for route in routes if route.fits(address)), None)


# Private functions


def _routes_of(config: DomainConfig, *, people: str) -> Iterator[Route]:
    if config.urls:
        for pattern in import_module(config.urls).urlpatterns:
            yield Route(API_ROOT + _first_segment(str(pattern.pattern), config), config.domain, "api")
    if config.domain != people and config.module and module_has_submodule(config.module, "admin"):
        yield Route(f"{ADMIN_ROOT}{config.domain}/", config.domain, "api")
    if config.websocket_urls:
        for pattern in import_string(config.websocket_urls):
            yield Route("/" + _first_segment(str(pattern.pattern), config), config.domain, "live")


def _first_segment(pattern: str, config: DomainConfig) -> str:
    segment = pattern.partition("/")[0]
    if not segment.replace("_", "").replace("-", "").isalnum():
        raise ImproperlyConfigured(f"{config.domain} serves {pattern!r}: its first part must be a plain word.")
    return segment
