"""One group of processes per domain, each with a database of its own, behind a gateway: ``manage.py split``."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, permutations
from urllib.parse import urlsplit

from django.core.management import get_commands
from django.utils.module_loading import module_has_submodule

from kelmah import processes
from kelmah.deployment.nginx import nginx_command, nginx_conf
from kelmah.deployment.routes import Kind, route_table
from kelmah.deployment.switchboard import switchboard_conf
from kelmah.domain import DomainConfig, local_domains
from kelmah.embedded.folders import make_folder
from kelmah.embedded.options import Options
from kelmah.embedded.plan import Member, Plan, Step
from kelmah.embedded.ports import HOST, check_free, is_free
from kelmah.embedded.processes import Process
from kelmah.embedded.split_environment import SplitEnvironments

_SANDBOX = "sandbox_gateway"
_COLOURS = ("36", "35", "33", "32", "34", "31", "37")


@dataclass(frozen=True)
class Place:
    """Where a domain answers: the ports of its API's copies, and of its sockets when it has any."""

    api: Sequence[int]
    live: int | None


class Split:
    """A topology: ``check`` before anything is started, ``plan`` when the servers run. ``copies`` of every API."""

    def __init__(self, options: Options, *, copies: int = 2) -> None:
        self.options = options
        self.copies = copies
        self.domains = local_domains()

    def check(self) -> None:
        """Raises EmbeddedError for a port that is taken, and when there is no nginx."""
        check_free(self.options.port, purpose="the gateway", option="--port (make split PORT=…)")
        nginx_command(folder=self.options.data)

    def plan(self, *, database_url: str, redis_url: str) -> Plan:
        """``database_url`` carries the administrator's credentials; each domain gets a database of that server."""
        options = self.options
        for folder in ("files", "mailbox", "static"):
            make_folder(options.data / folder)
        databases = {config.domain: database_of(config.domain, database_url) for config in self.domains}
        env = SplitEnvironments(
            data=options.data,
            databases=databases,
            redis_url=redis_url,
            gateway=f"{HOST}:{options.port}",
            doors=self._doors,
            sandbox_port=self._sandbox_port,
        )
        self._write_gateways()
        apis = [member for config in self.domains for member in self._apis(config, env)]
        others = [member for config in self.domains for member in self._others(config, env)]
        return Plan(
            setup=tuple(_setup(env, list(databases))),
            demo=Step((options.demo_command,), env.everything()) if options.demo_command else None,
            groups=((*self._gateways(env), *apis), tuple(others)),
            stop_order=_stop_order([*apis, *others]),
            rows=dict(self._rows(databases)),
        )

    # Private functions

    @cached_property
    def _places(self) -> dict[str, Place]:
        ports = free_ports(self.options.port + 100)
        return {
            config.domain: Place(
                api=[next(ports) for _ in range(self.copies)], live=next(ports) if config.websocket_urls else None
            )
            for config in self.domains
        }

    @cached_property
    def _doors(self) -> dict[tuple[str, str], int]:
        ports = free_ports(self.options.port + 200)
        return {pair: next(ports) for pair in permutations([config.domain for config in self.domains], 2)}

    @cached_property
    def _sandbox_port(self) -> int:
        return next(free_ports(self.options.port + 300))

    def _write_gateways(self) -> None:
        apis = {domain: [f"{HOST}:{port}" for port in place.api] for domain, place in self._places.items()}
        upstreams: dict[tuple[str, Kind], list[str]] = {(domain, "api"): found for domain, found in apis.items()}
        for domain, place in self._places.items():
            if place.live:
                upstreams[domain, "live"] = [f"{HOST}:{place.live}"]
        for name in ("gateway", "switchboard"):
            make_folder(self.options.data / name)
        gateway, switchboard = self.options.data / "gateway", self.options.data / "switchboard"
        listen = f"{HOST}:{self.options.port}"
        (gateway / "nginx.conf").write_text(
            nginx_conf(routes=route_table(), upstreams=upstreams, listen=listen, folder=gateway)
        )
        (switchboard / "nginx.conf").write_text(switchboard_conf(upstreams=apis, doors=self._doors, folder=switchboard))

    def _gateways(self, env: SplitEnvironments) -> Iterator[Member]:
        address = f"http://{HOST}:{self.options.port}"
        for name, where in (("gateway", address), ("switchboard", "between domains")):
            process = Process(
                name=name,
                command=nginx_command(folder=self.options.data / name),
                colour="37",
                health=f"tcp://{HOST}:{self.options.port}" if name == "gateway" else "",
                grace=5.0,
            )
            yield Member(process, env.of_gateway(), address=where)

    def _apis(self, config: DomainConfig, env: SplitEnvironments) -> Iterator[Member]:
        domain = config.domain
        for number, port in enumerate(self._places[domain].api, start=1):
            process = Process(
                name=f"{domain}-api-{number}",
                command=processes.api(host=HOST, port=port, workers=1),
                colour=_colour(domain),
                health=f"http://{HOST}:{port}/health/live",
            )
            yield Member(process, env.of(domain), domain, f"http://{HOST}:{port}")

    def _others(self, config: DomainConfig, env: SplitEnvironments) -> Iterator[Member]:
        domain, live = config.domain, self._places[config.domain].live
        wanted: dict[str, tuple[processes.Command, float]] = {"relay": (processes.relay(), 10.0)}
        if config.module and module_has_submodule(config.module, "tasks"):
            wanted["worker"] = processes.worker(concurrency=1), 20.0
        if config.beat:
            wanted["beat"] = processes.beat(schedule=self.options.data / f"beat-{domain}"), 10.0
        if get_commands().get(_SANDBOX) == config.name:  # the pretended payment provider
            wanted["sandbox"] = (sys.executable, "manage.py", _SANDBOX), 3.0
        for kind, (command, grace) in wanted.items():
            process = Process(name=f"{domain}-{kind}", command=command, colour=_colour(domain), grace=grace)
            yield Member(process, env.of(domain), domain)
        if live:
            command = processes.live(host=HOST, port=live)
            process = Process(f"{domain}-live", command, _colour(domain), health=f"tcp://{HOST}:{live}")
            yield Member(process, env.of(domain), domain, f"ws://{HOST}:{live}")

    def _rows(self, databases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        here = f"{HOST}:{self.options.port}"
        yield "API", f"http://{here}/api/v1/"
        yield "Staff desk", f"http://{here}/admin/"
        yield "WebSocket", f"ws://{here}/ws"
        yield "Databases", ", ".join(urlsplit(url).path.lstrip("/") for url in databases.values())
        yield "Data", str(self.options.data)


def database_of(domain: str, server_url: str) -> str:
    """The URL of a domain's own database on a server."""
    return urlsplit(server_url)._replace(path=f"/kelmah_{domain}").geturl()


def free_ports(first: int) -> Iterator[int]:
    """Ports that nobody has, from ``first`` upwards."""
    return (port for port in count(first) if is_free(port))


# Private functions


def _setup(env: SplitEnvironments, domains: Sequence[str]) -> Iterator[Step]:
    """Each domain prepares and migrates its own database, as it would anywhere else."""
    for domain in domains:
        yield Step(("prepare_databases", "--verbosity", "0"), env.setup(domain), says=f"of {domain}")
        yield Step(("migrate_domains",), env.setup(domain), says=f"of {domain}")


def _colour(domain: str) -> str:
    return _COLOURS[sum(map(ord, domain)) % len(_COLOURS)]


def _stop_order(members: Sequence[Member]) -> tuple[tuple[str, ...], ...]:
    """Who takes requests goes first, the relays last: what the others leave behind is still delivered."""
    names = [member.process.name for member in members]
    first = tuple(name for name in names if "-api-" in name or name.endswith("-live"))
    return (
        ("gateway", *first),
        tuple(name for name in names if name.endswith("-worker")),
        tuple(name for name in names if name.endswith(("-beat", "-sandbox"))),
        tuple(name for name in names if name.endswith("-relay")),
        ("switchboard",),
    )
