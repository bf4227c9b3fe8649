"""What a process is told that follows from the names of services: who it is, and where the others are."""

from collections.abc import Sequence

from kelmah.deployment.processes import FILES, Service


def places(service: Service, services: Sequence[Service], *, host: str, origins: str) -> dict[str, str]:
    """Values of variables whose source is ``place``, but for the database. ``services``: all of the deployment."""
    others = [each for each in services if each.kind == "api" and each.domains != service.domains]
    found = {
        "DJANGO_SETTINGS_MODULE": "config.settings.prod",
        "ALLOWED_HOSTS": f"{host},{service.name}" if service.port else host,
        "JWT_ISSUER": f"https://{host}",
        "LIVE_URL": f"wss://{host}/ws",
        "LIVE_ORIGINS": origins,
        "TRUSTED_PROXY_COUNT": "1",
        "SECURE_SSL_REDIRECT": "no",
        "KELMAH_FILES_DIR": FILES,
        "REMAP_SIGTERM": "SIGQUIT",
    }
    if others:
        found["LOCAL_DOMAINS"] = ",".join(service.domains)
        found["DOMAIN_URLS"] = ",".join(f"{each.domains[0]}=http://{each.name}:{each.port}" for each in others)
    return found
