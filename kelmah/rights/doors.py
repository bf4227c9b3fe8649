"""Every route of the REST API, and who comes in: found out by asking what its view declares."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module  # noqa: TID251 - of routes that a domain's configuration names
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from django.urls import URLPattern

from kelmah.domain import DomainConfig
from kelmah.http.permissions import RightPermission
from kelmah.http.schema import Operation, operation_of
from kelmah.http.views import View
from kelmah.interfaces.roles import Role
from kelmah.principal import Grant, Principal
from kelmah.rights.declared import declared

METHODS: Final = ("get", "post", "put", "patch", "delete")
SOMEBODY: Final = UUID(int=0)
SOMEWHERE: Final = "00000000-0000-0000-0000-000000000001"


@dataclass(frozen=True, kw_only=True)
class Door:
    """One method of one resource. ``path`` without ``/api/v1``."""

    domain: str
    method: str
    path: str
    view: type[View]
    operation: Operation | None

    @property
    def key_scope(self) -> str | None:
        """What an API key needs here; None where a person must be there, ``""`` where nobody is asked who they are."""
        return self.view.key_scope_of(self.method) if self.view.authentication_classes else ""

    @property
    def is_for_impersonation(self) -> bool:
        """Whether staff come in who look as somebody else."""
        return not (self.view.authentication_classes and self.view.refuses_impersonation_of(self.method))

    @property
    def permission(self) -> str:
        """What it asks of a caller beyond a good token; empty when nothing, or when it asks for roles."""
        asked = [each for each in _permissions(self, None) if isinstance(each, RightPermission)]
        return asked[0].permission if asked else ""


def doors(configs: Iterable[DomainConfig]) -> list[Door]:
    """All routes of these domains, in the order in which they are declared."""
    return [door for config in configs if config.urls for door in _doors_of(config)]


def undeclared(configs: Iterable[DomainConfig]) -> list[str]:
    """Routes whose views don't say themselves who may come in, or are none of ours."""
    return [
        f"{config.domain}: {pattern.pattern}"
        for config in configs
        if config.urls
        for pattern in import_module(config.urls).urlpatterns
        if not says_who_comes_in(getattr(getattr(pattern, "callback", None), "view_class", None))
    ]


def says_who_comes_in(view: Any) -> bool:
    """Whether the class, or one of ours that it derives from, has ``permission_classes`` or ``get_permissions``."""
    if not (isinstance(view, type) and issubclass(view, View)):
        return False
    own = view.__mro__[: view.__mro__.index(View)]
    return any(name in vars(each) for each in own for name in ("permission_classes", "get_permissions"))


def callers() -> Mapping[str, Principal | None]:
    """One of each kind: nobody, and somebody with each role that there is. Staff with a granted role are staff, too;
    who holds a role within a scope is a hirer besides."""
    return {"nobody": None} | {name: _caller(role) for name, role in declared().roles.items()}


def answer_to(door: Door, caller: Principal | None) -> int:
    """401, 403, or the status of success when they come in: what then happens depends on whose the thing is."""
    knocking = SimpleNamespace(user=caller, auth=None, method=door.method)
    if all(each.has_permission(knocking, door.view()) for each in _permissions(door, caller)):
        return door.operation.status if door.operation else 200
    return 401 if caller is None else 403


# Private functions


def _doors_of(config: DomainConfig) -> Iterator[Door]:
    for pattern in import_module(str(config.urls)).urlpatterns:
        view = getattr(getattr(pattern, "callback", None), "view_class", None)
        if not isinstance(pattern, URLPattern) or not (isinstance(view, type) and issubclass(view, View)):
            continue  # found by undeclared
        for method in METHODS:
            handler = getattr(view, method, None)
            if handler is not None:
                path = f"/{pattern.pattern}"
                yield Door(
                    domain=config.domain,
                    method=method.upper(),
                    path=path,
                    view=view,
                    operation=operation_of(handler),
                )


def _permissions(door: Door, caller: Principal | None) -> list[Any]:
    view = door.view()
    view.request = SimpleNamespace(user=caller, auth=None, method=door.method)  # type: ignore[assignment]
    return list(view.get_permissions())


def _caller(role: Role) -> Principal:
    if role.is_held_everywhere:
        roles = {"staff", role.name} if role.privileged else {role.name}
        return Principal(user_id=SOMEBODY, roles=frozenset(roles))
    grants = frozenset({Grant(role.name, kind, SOMEWHERE) for kind in role.scope_kinds})
    return Principal(user_id=SOMEBODY, roles=frozenset({"hirer"}), grants=grants)
