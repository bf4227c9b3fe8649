"""The C4 model's context and containers (c4model.com), as Mermaid."""

from collections.abc import Sequence

from kelmah.deployment.processes import Service, services_of
from kelmah.deployment.routes import Route
from kelmah.domain import DomainConfig

_KINDS = {
    "api": ("WSGI under granian", "REST, staff's desk, calls and events of other domains"),
    "live": ("ASGI under uvicorn", "WebSockets"),
    "relay": ("manage.py events run", "brings events from outboxes to inboxes and hears them"),
    "worker": ("Celery", "what is slow or leaves the house"),
    "beat": ("Celery beat", "the schedule, told by one at a time"),
}


def context(configs: Sequence[DomainConfig]) -> list[str]:
    """Who uses Kelmah, and what it uses."""
    outside = [(config, name, what) for config in configs for name, what in config.outside.items()]
    systems = {name: what for _, name, what in reversed(outside)}  # two domains may use one
    return [
        "```mermaid",
        "C4Context",
        '    Person(people, "Hirers and workers", "client apps on phones, in browsers")',
        '    Person(staff, "Staff", "moderate, decide, look after money and events")',
        '    System(kelmah, "Kelmah", "identity, marketplace, contracts, payments, messaging, reviews, files")',
        *(f'    System_Ext({_id(name)}, "{name}", "{what}")' for name, what in systems.items()),
        '    Rel(people, kelmah, "ask and are told", "HTTPS, WebSocket")',
        '    Rel(staff, kelmah, "work at the desk", "HTTPS")',
        *(f'    Rel(kelmah, {_id(name)}, "{config.domain}")' for config, name, _ in outside),
        "```",
    ]


def containers(configs: Sequence[DomainConfig]) -> list[str]:
    """The kinds of processes and what they keep their data in. Of every domain, or of each alone, they are the same."""
    services = [service for service in services_of(configs) if service.kind in _KINDS]
    return [
        "```mermaid",
        "C4Container",
        '    Person(people, "Hirers, workers, staff")',
        '    Container(gateway, "gateway", "nginx, Traefik or Ingress", "routes by path, limits; nothing internal")',
        '    System_Boundary(group, "all domains together, or one domain alone") {',
        *(f'        Container({s.kind}, "{s.kind}", "{_KINDS[s.kind][0]}", "{_KINDS[s.kind][1]}")' for s in services),
        '        ContainerDb(database, "PostgreSQL", "a schema and a role per domain", "the truth, events included")',
        "    }",
        '    Container(others, "the other domains", "the same again", "in these processes, or in their own")',
        '    ContainerDb(redis, "Redis", "", "limits, nonces, ended sessions, hints for sockets; may be lost")',
        '    ContainerQueue(broker, "broker", "Redis or RabbitMQ", "a queue of tasks per domain")',
        '    Rel(people, gateway, "HTTPS, WebSocket")',
        '    Rel(gateway, api, "HTTP")',
        '    Rel(gateway, live, "WebSocket")',
        *(f'    Rel({service.kind}, database, "SQL")' for service in services if service.kind != "beat"),
        '    Rel(api, others, "calls: signed HTTP, or a plain function")',
        '    Rel(relay, others, "events: signed batches, or the next table")',
        '    Rel(relay, broker, "tasks, after commit")',
        '    Rel(beat, broker, "what is due")',
        '    Rel(broker, worker, "tasks")',
        '    Rel(api, redis, "limits, nonces")',
        '    Rel(live, redis, "hints")',
        "```",
    ]


def places(configs: Sequence[DomainConfig], routes: Sequence[Route]) -> list[str]:
    """Every domain on its own: its processes, its database, the addresses that a gateway sends there."""
    return [
        "| domain | processes | database and role | addresses |",
        "| --- | --- | --- | --- |",
        *(
            f"| {config.domain} | {', '.join(_kinds(config))} | `{config.domain}`, `kelmah_{config.domain}`"
            f" | {' '.join(f'`{route.path}`' for route in sorted(routes) if route.domain == config.domain)} |"
            for config in configs
        ),
    ]


# Private functions


def _kinds(config: DomainConfig) -> list[str]:
    found: list[Service] = list(services_of([config]))
    return [service.kind for service in found if service.kind in _KINDS]


def _id(name: str) -> str:
    return name.replace(" ", "_")
