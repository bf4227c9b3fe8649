"""The roles and permissions of all deployed domains, as their interfaces declare them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module  # noqa: TID251 - of the shelf of interfaces
from importlib.util import find_spec

from django.conf import settings

from kelmah.interfaces.roles import Permission, Restriction, Role


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """What one domain declares."""

    domain: str
    roles: tuple[Role, ...]
    permissions: tuple[Permission, ...]
    restrictions: tuple[Restriction, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Everything there is: roles, permissions and restrictions by name, and the roles that have each permission."""

    roles: Mapping[str, Role]
    permissions: Mapping[str, Permission]
    holders: Mapping[str, frozenset[str]]
    restrictions: Mapping[str, Restriction]

    def permissions_of(self, roles: Iterable[str]) -> frozenset[str]:
        """What somebody with these roles may do."""
        held = frozenset(roles)
        return frozenset(name for name, holders in self.holders.items() if not holders.isdisjoint(held))


def declared() -> Declared:
    """What the deployed domains declare; the same in every process."""
    return _declared(tuple(sorted(settings.DOMAINS)))


def shelves(domains: Iterable[str]) -> list[Shelf]:
    """What each of these domains declares; one without an interface declares nothing."""
    return [shelf for domain in domains if (shelf := _shelf(domain))]


def united(found: Iterable[Shelf]) -> Declared:
    """All of it together. What is declared twice is a matter of the system checks."""
    known = list(found)
    roles = {role.name: role for shelf in known for role in shelf.roles}
    permissions = {each.name: each for shelf in known for each in shelf.permissions}
    holders = {
        name: frozenset(each.to) | {role.name for role in roles.values() if name in role.permissions}
        for name, each in permissions.items()
    }
    restrictions = {each.name: each for shelf in known for each in shelf.restrictions}
    return Declared(roles=roles, permissions=permissions, holders=holders, restrictions=restrictions)


# Private functions


@cache
def _declared(domains: tuple[str, ...]) -> Declared:
    return united(shelves(domains))


def _shelf(domain: str) -> Shelf | None:
    package = f"kelmah.interfaces.{domain}"
    if find_spec(package) is None or find_spec(f"{package}.roles") is None:
        return None
    said = import_module(f"{package}.roles")
    return Shelf(
        domain=domain,
        roles=tuple(said.ROLES),
        permissions=tuple(said.PERMISSIONS),
        restrictions=tuple(getattr(said, "RESTRICTIONS", ())),
    )
