"""Traefik as the gateway of containers: found by labels, told by the same table as nginx."""

from collections.abc import Iterable, Mapping

from kelmah.deployment.cors import ALLOWED_HEADERS, ALLOWED_METHODS, EXPOSED_HEADERS, PREFLIGHT_SECONDS
from kelmah.deployment.processes import Service
from kelmah.deployment.routes import Route

IMAGE = "traefik:v3.5"
LIMIT = {"average": 100, "burst": 400}
RETRY = {"attempts": 3, "initialInterval": "50ms"}  # only of connections that were refused: nothing was sent there
CHECK_EVERY, CHECK_TIMEOUT = "5s", "2s"
MIDDLEWARES = ("kelmah-limit", "kelmah-cors", "kelmah-retry")


def cors(origins: list[str]) -> dict[str, object]:
    """Of Traefik's ``headers`` middleware."""
    return {
        "accessControlAllowOriginList": origins,
        "accessControlAllowMethods": list(ALLOWED_METHODS),
        "accessControlAllowHeaders": list(ALLOWED_HEADERS),
        "accessControlExposeHeaders": list(EXPOSED_HEADERS),
        "accessControlMaxAge": PREFLIGHT_SECONDS,
        "addVaryHeader": True,
    }


def rule(route: Route) -> str:
    """What Traefik matches for the route."""
    if route.path.endswith("/"):
        return f"PathPrefix(`{route.path}`)"
    return f"(Path(`{route.path}`) || PathPrefix(`{route.path}/`))"


def router_name(route: Route) -> str:
    """Of letters and dashes: ``api-v1-jobs``."""
    return "".join(letter if letter.isalnum() else "-" for letter in route.path).strip("-").replace("--", "-")


def labels(service: Service, routes: Iterable[Route], *, host: str, origins: str) -> dict[str, str]:
    """What a container says about itself. Every one repeats the middlewares: none depends on another's being up."""
    here = f"traefik.http.services.{service.name}.loadbalancer"
    found = {
        "traefik.enable": "true",
        "traefik.docker.network": "kelmah_front",
        f"{here}.server.port": str(service.port),
        f"{here}.healthcheck.path": service.health,
        f"{here}.healthcheck.hostname": service.name,  # Django answers to no host that it doesn't know
        f"{here}.healthcheck.interval": CHECK_EVERY,
        f"{here}.healthcheck.timeout": CHECK_TIMEOUT,
        **_flat("traefik.http.middlewares.kelmah-limit.ratelimit", LIMIT),
        **_flat("traefik.http.middlewares.kelmah-cors.headers", cors([origins])),
        **_flat("traefik.http.middlewares.kelmah-retry.retry", RETRY),
    }
    for route in routes:
        router = f"traefik.http.routers.{router_name(route)}"
        found |= {
            f"{router}.rule": f"Host(`{host}`) && {rule(route)}",
            f"{router}.priority": str(len(route.path)),  # the longest path wins, whatever the length of the rule
            f"{router}.service": service.name,
            f"{router}.middlewares": ",".join(MIDDLEWARES),
        }
    return found


def arguments() -> list[str]:
    """Of Traefik's command: two doors, certificates by ACME, services by labels of this project's containers."""
    acme = "--certificatesresolvers.acme.acme"
    return [
        "--providers.docker=true",
        "--providers.docker.exposedbydefault=false",
        "--providers.docker.constraints=Label(`com.docker.compose.project`, `kelmah`)",
        "--entrypoints.web.address=:80",
        "--entrypoints.web.http.redirections.entrypoint.to=websecure",
        "--entrypoints.web.http.redirections.entrypoint.scheme=https",
        "--entrypoints.websecure.address=:443",
        "--entrypoints.websecure.asdefault=true",
        "--entrypoints.websecure.http.tls.certresolver=acme",
        "--entrypoints.websecure.transport.respondingtimeouts.readtimeout=300s",  # an upload over a slow line
        f"{acme}.email=${{ACME_EMAIL:?}}",
        f"{acme}.caserver=${{ACME_SERVER:-https://acme-v02.api.letsencrypt.org/directory}}",
        f"{acme}.storage=/acme/acme.json",
        f"{acme}.tlschallenge=true",
        "--ping=true",
        "--log.level=INFO",
    ]


def _flat(prefix: str, values: Mapping[str, object]) -> dict[str, str]:
    return {
        f"{prefix}.{name.lower()}": ",".join(value)
        if isinstance(value, list)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
        for name, value in values.items()
    }
