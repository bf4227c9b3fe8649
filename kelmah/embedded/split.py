"""Groups of domains in processes of their own, behind a gateway: ``manage.py split``."""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, permutations
from urllib.parse import urlsplit

from django.core.management import get_commands

from kelmah import processes
from kelmah.deployment.nginx import nginx_command, nginx_conf
from kelmah.deployment.routes import Kind, route_table
from kelmah.deployment.switchboard import switchboard_conf
from kelmah.embedded.folders import make_folder
from kelmah.embedded.groups import Group, databases_of
from kelmah.embedded.options import Options
from kelmah.embedded.plan import Member, Plan, Step
from kelmah.embedded.ports import HOST, check_free, is_free
from kelmah.embedded.processes import Process
from kelmah.embedded.split_environment import SplitEnvironments, keys_folder
from kelmah.rpc import key_files
from kelmah.rpc.acquaintances import acquaintances

_SANDBOX = "sandbox_gateway"
_COLOURS = ("36", "35", "33", "32", "34", "31", "37")


@dataclass(frozen=True)
class Place:
    """Where a group answers: the ports of its API's copies, and of its sockets when it has any."""

    api: Sequence[int]
    live: int | None


class Split:
    """A topology: ``check`` before anything is started, ``plan`` when the servers run. ``copies`` of every API;
    ``extra`` variables for the processes of one group."""

    def __init__(
        self,
        options: Options,
        groups: Sequence[Group],
        *,
        copies: int = 2,
        extra: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.options = options
        self.extra = extra or {}
        self.groups = groups
        self.copies = copies

    def check(self) -> None:
        """Raises EmbeddedError for a port that is taken, and when there is no nginx."""
        check_free(self.options.port, purpose="the gateway", option="--port (make split PORT=…)")
        nginx_command(folder=self.options.data)

    def plan(self, *, database_url: str, redis_url: str) -> Plan:
        """``database_url`` carries the administrator's credentials of the server that holds every database."""
        options = self.options
        for folder in ("files", "mailbox", "static"):
            make_folder(options.data / folder)
        databases = databases_of(self.groups, database_url)
        env = SplitEnvironments(
            data=options.data,
            databases=databases,
            redis_url=redis_url,
            gateway=f"{HOST}:{options.port}",
            doors=self._doors,
            sandbox_port=self._sandbox_port,
            extra=self.extra,
        )
        self._write_gateways()
        self._make_keys()
        apis = [member for group in self.groups for member in self._apis(group, env)]
        others = [member for group in self.groups for member in self._others(group, env)]
        return Plan(
            setup=tuple(step for group in self.groups for step in _setup(group, env)),
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
            group.name: Place(
                api=[next(ports) for _ in range(self.copies)], live=next(ports) if group.has_sockets else None
            )
            for group in self.groups
        }

    @cached_property
    def _doors(self) -> dict[tuple[str, str], int]:
        """By the group that calls and the domain that is called."""
        ports = free_ports(self.options.port + 200)
        pairs = permutations(self.groups, 2)
        return {(caller.name, domain): next(ports) for caller, callee in pairs for domain in callee.domains}

    @cached_property
    def _sandbox_port(self) -> int:
        return next(free_ports(self.options.port + 300))

    def _write_gateways(self) -> None:
        upstreams: dict[tuple[str, Kind], list[str]] = {}
        for group in self.groups:
            place = self._places[group.name]
            for domain in group.domains:
                upstreams[domain, "api"] = [f"{HOST}:{port}" for port in place.api]
                if place.live:
                    upstreams[domain, "live"] = [f"{HOST}:{place.live}"]
        gateway, switchboard = (make_folder(self.options.data / name) for name in ("gateway", "switchboard"))
        listen = f"{HOST}:{self.options.port}"
        (gateway / "nginx.conf").write_text(
            nginx_conf(
                routes=route_table(),
                upstreams=upstreams,
                listen=listen,
                folder=gateway,
                # On one machine everybody has the same address.
                requests_per_second=2000,
                burst=4000,
            )
        )
        doors = {f"{caller} {callee}": port for (caller, callee), port in self._doors.items()}
        (self.options.data / "doors.json").write_text(json.dumps(doors, indent=1))
        apis = {domain: addresses for (domain, kind), addresses in upstreams.items() if kind == "api"}
        (switchboard / "nginx.conf").write_text(switchboard_conf(upstreams=apis, doors=self._doors, folder=switchboard))

    def _make_keys(self) -> None:
        """Calls of each domain are signed with keys of its own, which `manage.py keys` rotates while all runs."""
        folder = keys_folder(self.options.data)
        if {file.stem for file in folder.glob("*.json")} != {group.name for group in self.groups}:
            shutil.rmtree(folder, ignore_errors=True)
            known = acquaintances(domain for group in self.groups for domain in group.domains)
            key_files.new_folder(
                folder,
                known={
                    group.name: {caller for domain in group.domains for caller in known[domain]}
                    for group in self.groups
                },
            )

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

    def _apis(self, group: Group, env: SplitEnvironments) -> Iterator[Member]:
        for number, port in enumerate(self._places[group.name].api, start=1):
            process = Process(
                name=f"{group.name}-api-{number}",
                command=processes.api(host=HOST, port=port, workers=1),
                colour=_colour(group.name),
                health=f"http://{HOST}:{port}/health/live",
            )
            yield Member(process, env.of(group), group.name, f"http://{HOST}:{port}")

    def _others(self, group: Group, env: SplitEnvironments) -> Iterator[Member]:
        live = self._places[group.name].live
        wanted: dict[str, tuple[processes.Command, float]] = {"relay": (processes.relay(), 10.0)}
        if group.has_tasks:
            wanted["worker"] = processes.worker(concurrency=1), 20.0
        if group.has_schedule:
            wanted["beat"] = processes.beat(schedule=self.options.data / f"beat-{group.name}"), 10.0
        if get_commands().get(_SANDBOX) in {config.name for config in group.configs}:  # the pretended payment provider
            memory = ("--memory", str(self.options.data / "sandbox.json"))
            wanted["sandbox"] = (sys.executable, "manage.py", _SANDBOX, *memory), 10.0
        for kind, (command, grace) in wanted.items():
            process = Process(name=f"{group.name}-{kind}", command=command, colour=_colour(group.name), grace=grace)
            yield Member(process, env.of(group), group.name)
        if live:
            command = processes.live(host=HOST, port=live)
            process = Process(f"{group.name}-live", command, _colour(group.name), health=f"tcp://{HOST}:{live}")
            yield Member(process, env.of(group), group.name, f"ws://{HOST}:{live}")

    def _rows(self, databases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        here = f"{HOST}:{self.options.port}"
        yield "API", f"http://{here}/api/v1/"
        yield "Staff desk", f"http://{here}/admin/"
        yield "WebSocket", f"ws://{here}/ws"
        yield "Databases", ", ".join(sorted({urlsplit(url).path.lstrip("/") for url in databases.values()}))
        yield "Data", str(self.options.data)


def free_ports(first: int) -> Iterator[int]:
    """Ports that nobody has, from ``first`` upwards."""
    return (port for port in count(first) if is_free(port))


# Private functions


def _setup(group: Group, env: SplitEnvironments) -> Iterator[Step]:
    """Each group prepares and migrates its own database, as it would anywhere else."""
    yield Step(("prepare_databases", "--verbosity", "0"), env.setup(group), says=f"of {group.name}")
    yield Step(("migrate_domains",), env.setup(group), says=f"of {group.name}")


def _colour(name: str) -> str:
    return _COLOURS[sum(map(ord, name)) % len(_COLOURS)]


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
