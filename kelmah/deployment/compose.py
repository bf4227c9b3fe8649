"""``deploy/compose.yaml`` and ``deploy/compose.split.yaml``, as data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kelmah.deployment import traefik
from kelmah.deployment.places import places
from kelmah.deployment.processes import FILES, Service, people_domain, services_of, split_services
from kelmah.deployment.routes import Route
from kelmah.deployment.variables import variables_of
from kelmah.domain import DomainConfig

HOST = "${API_HOST:?}"
_ORIGINS = "${WEB_ORIGINS:-https://${API_HOST}}"
_KEY = "jwt_signing_key"
# As the embedded server is made: sorting is the same on every machine.
INITDB = "--encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
POSTGRES, REDIS, RABBITMQ = "postgres:18-alpine", "redis:7-alpine", "rabbitmq:4-alpine"
_NO_RIGHTS = {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}


@dataclass(frozen=True)
class Compose:
    """One file. ``split``: a group of processes, a database and passwords for each domain."""

    domains: Sequence[DomainConfig]
    routes: Sequence[Route]
    split: bool

    @cached_property
    def services(self) -> list[Service]:
        return list(split_services(self.domains) if self.split else services_of(self.domains))

    def document(self) -> dict[str, Any]:
        """The whole file."""
        services = {service.name: self._process(service) for service in self.services}
        servers = dict(self._servers())
        volumes = sorted({name for each in (*services.values(), *servers.values()) for name in _volumes(each)})
        networks = sorted({name for each in (*services.values(), *servers.values()) for name in each["networks"]})
        return {
            "name": "kelmah",
            "services": {**servers, **services},
            "networks": {name: {"internal": True} if name.endswith("data") else {} for name in networks},
            "volumes": {name: {} for name in volumes},
            "secrets": {
                name: {"file": f"${{{name.upper()}_FILE:?}}"}
                for name in sorted({name for each in services.values() for name in each.get("secrets", ())})
            },
        }

    # Private functions

    def _secrets(self, service: Service) -> dict[str, str]:
        own = f"{service.domains[0].upper()}_" if self.split else ""
        return {
            "SECRET_KEY": f"${{{own}SECRET_KEY:?}}",
            "DATABASE_ROLE_PASSWORD": f"${{{own}DATABASE_ROLE_PASSWORD:?}}",
            "DATABASE_ADMIN_URL": f"postgresql://kelmah:${{{own}POSTGRES_PASSWORD:?}}@{self._database(service)}:5432/kelmah",
            "JWT_SIGNING_KEY_FILE": f"/run/secrets/{_KEY}",
            "CRYPTO_KEYS_FILE": "/run/secrets/{domain}_crypto_keys",
            "REDIS_URL": "redis://:${REDIS_PASSWORD:?}@redis:6379/0",
            "CELERY_BROKER_URL": "amqp://kelmah:${RABBITMQ_PASSWORD:?}@rabbitmq:5672//",
        }

    def _database(self, service: Service) -> str:
        return f"{service.domains[0]}-postgres" if self.split else "postgres"

    def _environment(self, service: Service) -> dict[str, str]:
        told = places(service, self.services, host=HOST, origins="${WEB_ORIGINS:-}")
        at = f"postgresql://{self._database(service)}:5432/kelmah"
        told[f"{service.domains[0].upper()}_DATABASE_URL" if self.split else "DATABASE_URL"] = at
        secrets = self._secrets(service)
        found: dict[str, str] = {}
        for variable in variables_of(service):
            name = variable.name.replace("<DOMAIN>", service.domains[0].upper())
            if variable.source == "place":
                found |= {name: told[name]} if name in told else {}
            elif name != "CELERY_BROKER_URL" or self.split:
                found[name] = secrets.get(name) or _from_outside(name, variable.unless_said)
        return found

    def _process(self, service: Service) -> dict[str, Any]:
        found: dict[str, Any] = {
            "image": "kelmah:${KELMAH_VERSION:-latest}",
            "build": {"context": ".."},
            "command": _command(service),
            "environment": self._environment(service),
            "networks": self._networks(service),
            "depends_on": self._waits_for(service),
            **_limits(service.memory, copies=service.copies),
            "restart": "no" if service.kind == "prepare" else "unless-stopped",
            "stop_grace_period": f"{service.grace}s",
            "init": True,
            "read_only": True,
            "tmpfs": ["/tmp"],  # noqa: S108 - of a container
            **_NO_RIGHTS,
        }
        if service.check:
            often = "60s" if service.kind == "worker" else "10s"  # a ping of Celery starts a Python
            found["healthcheck"] = _health(Flow(["CMD", *service.check]), interval=often, timeout="20s")
        signing = [_KEY] if people_domain() in service.domains else []
        if files := [*signing, *(f"{domain}_crypto_keys" for domain in service.sealing)]:
            found["secrets"] = files
        if "files" in service.domains and service.kind in ("api", "worker"):
            found["volumes"] = [f"files:{FILES}"]
        routes = [route for route in self.routes if route.kind == service.kind and route.domain in service.domains]
        if routes:
            found["labels"] = traefik.labels(service, routes, host=HOST, origins=_ORIGINS)
        return found

    def _networks(self, service: Service) -> list[str]:
        data = f"{service.domains[0]}-data" if self.split else "data"
        return [*(["front"] if service.port else []), *(["calls"] if service.kind != "prepare" else []), data]

    def _waits_for(self, service: Service) -> dict[str, Any]:
        if service.kind == "prepare":
            return {self._database(service): {"condition": "service_healthy"}}
        prepare = next(each for each in self.services if each.kind == "prepare" and each.domains == service.domains)
        brokers = ("redis", "rabbitmq") if self.split else ("redis",)
        return {
            prepare.name: {"condition": "service_completed_successfully"},
            **{name: {"condition": "service_healthy"} for name in brokers},
        }

    def _servers(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "gateway", _gateway()
        if self.split:
            for config in self.domains:
                name = f"{config.domain}-postgres"
                secret = f"${{{config.domain.upper()}_POSTGRES_PASSWORD:?}}"
                yield name, _postgres(name, secret, network=f"{config.domain}-data", memory=512)
            yield "rabbitmq", _rabbitmq()
        else:
            yield "postgres", _postgres("postgres", "${POSTGRES_PASSWORD:?}", network="data", memory=2048)
        yield "redis", _redis()


class Flow(list[str]):
    """A list that is written on one line."""


# Private functions


def _command(service: Service) -> Flow:
    if len(service.commands) == 1:
        return Flow(service.commands[0])
    return Flow(["sh", "-ec", "; ".join(" ".join(command) for command in service.commands)])


def _from_outside(name: str, unless_said: str | None) -> str:
    return f"${{{name}:?}}" if unless_said is None else f"${{{name}:-{unless_said}}}"


def _limits(memory: int, *, copies: int = 1) -> dict[str, Any]:
    return {"deploy": {"replicas": copies, "resources": {"limits": {"memory": f"{memory}M"}}}}


def _health(test: list[str], *, interval: str = "10s", timeout: str = "5s") -> dict[str, Any]:
    return {"test": test, "interval": interval, "timeout": timeout, "retries": 3, "start_period": "60s"}


def _volumes(service: dict[str, Any]) -> list[str]:
    return [name for name in (volume.partition(":")[0] for volume in service.get("volumes", ())) if "/" not in name]


def _server(image: str, *, memory: int, networks: list[str], **rest: Any) -> dict[str, Any]:
    return {"image": image, **rest, "networks": networks, **_limits(memory), "restart": "unless-stopped", **_NO_RIGHTS}


def _postgres(name: str, password: str, *, network: str, memory: int) -> dict[str, Any]:
    return _server(
        POSTGRES,
        memory=memory,
        networks=[network],
        user="postgres",
        command=Flow(["postgres", "-c", "max_connections=300"]),
        environment={
            "POSTGRES_USER": "kelmah",
            "POSTGRES_DB": "kelmah",
            "POSTGRES_PASSWORD": password,
            "POSTGRES_INITDB_ARGS": INITDB,
        },
        volumes=[f"{name}:/var/lib/postgresql"],
        healthcheck=_health(Flow(["CMD", "pg_isready", "-U", "kelmah", "-h", "127.0.0.1"])),
        stop_grace_period="60s",
        shm_size="128mb",
        read_only=True,
        tmpfs=["/tmp", "/var/run/postgresql"],  # noqa: S108 - of a container
    )


def _redis() -> dict[str, Any]:
    settings = ["--requirepass", "${REDIS_PASSWORD:?}", "--appendonly", "yes", "--maxmemory-policy", "noeviction"]
    return _server(
        REDIS,
        memory=512,
        networks=["calls"],
        user="redis",
        command=Flow(["redis-server", *settings]),
        environment={"REDISCLI_AUTH": "${REDIS_PASSWORD:?}"},
        volumes=["redis:/data"],
        healthcheck=_health(Flow(["CMD", "redis-cli", "ping"])),
        read_only=True,
    )


def _rabbitmq() -> dict[str, Any]:
    return _server(
        RABBITMQ,
        memory=512,
        networks=["calls"],
        user="rabbitmq",
        hostname="rabbitmq",  # its data belong to a node of this name
        environment={"RABBITMQ_DEFAULT_USER": "kelmah", "RABBITMQ_DEFAULT_PASS": "${RABBITMQ_PASSWORD:?}"},
        volumes=["rabbitmq:/var/lib/rabbitmq"],
        healthcheck=_health(Flow(["CMD", "rabbitmq-diagnostics", "-q", "ping"]), interval="30s", timeout="20s"),
    )


def _gateway() -> dict[str, Any]:
    return _server(
        traefik.IMAGE,
        memory=256,
        networks=["front"],
        command=traefik.arguments(),
        ports=["80:80", "443:443"],
        volumes=["/var/run/docker.sock:/var/run/docker.sock:ro", "acme:/acme"],
        healthcheck=_health(Flow(["CMD", "traefik", "healthcheck", "--ping"])),
        cap_add=["NET_BIND_SERVICE"],
        read_only=True,
        tmpfs=["/tmp"],  # noqa: S108 - of a container
    )
