"""Which domains share processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.module_loading import module_has_submodule

from kelmah.domain import DomainConfig
from kelmah.embedded.errors import EmbeddedError


@dataclass(frozen=True)
class Group:
    """Domains that live in the same processes; one that is alone has a database of its own, others share one."""

    name: str
    configs: tuple[DomainConfig, ...]

    @property
    def domains(self) -> tuple[str, ...]:
        return tuple(config.domain for config in self.configs)

    @property
    def alone(self) -> bool:
        return len(self.configs) == 1

    @property
    def has_tasks(self) -> bool:
        return any(config.module and module_has_submodule(config.module, "tasks") for config in self.configs)

    @property
    def has_schedule(self) -> bool:
        return any(config.beat for config in self.configs)

    @property
    def has_sockets(self) -> bool:
        return any(config.websocket_urls for config in self.configs)


def groups_of(configs: Sequence[DomainConfig], *, apart: Sequence[str]) -> tuple[Group, ...]:
    """A group for each domain named in ``apart``, and one for the rest; without names, one for every domain.

    Raises EmbeddedError for a name that is no domain's.
    """
    known = [config.domain for config in configs]
    if unknown := sorted(set(apart) - set(known)):
        raise EmbeddedError(f"There is no domain {', '.join(unknown)}: {', '.join(known)}.")
    alone = set(apart or known)
    rest = tuple(config for config in configs if config.domain not in alone)
    groups = [Group(config.domain, (config,)) for config in configs if config.domain in alone]
    return (*([Group("rest" if len(rest) > 1 else rest[0].domain, rest)] if rest else []), *groups)


def databases_of(groups: Sequence[Group], server_url: str) -> dict[str, str]:
    """The URL of every domain's database on a server."""
    return {
        domain: database_of(domain if group.alone else "", server_url) for group in groups for domain in group.domains
    }


def database_of(domain: str, server_url: str) -> str:
    """The URL of a domain's own database, or of the common one."""
    return urlsplit(server_url)._replace(path=f"/kelmah_{domain}" if domain else "/kelmah").geturl()
