"""Who may come in at all. What somebody may see or do in particular is asked in a domain's queries and actions."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kelmah.http.errors import WrongRole
from kelmah.principal import Principal


class Authenticated(BasePermission):
    """The default of every view: a good access token."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, Principal)


class Anyone(BasePermission):
    """No token needed. A bad one is refused all the same."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return True


class RolePermission(Authenticated):
    """Base of what ``HasRole`` makes."""

    roles: frozenset[str] = frozenset()
    message = WrongRole.title
    code = WrongRole.code

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, Principal) and request.user.has_role(*self.roles)


def HasRole(*roles: str) -> type[RolePermission]:
    """Callers with at least one of the roles; others get 403 ``wrong_role``, nobody 401."""
    if not roles:
        raise ValueError("name at least one role")
    wanted = " or ".join(roles)
    attributes = {"roles": frozenset(roles), "message": f"Only a {wanted} may do this."}
    return type(f"HasRole_{'_'.join(roles)}", (RolePermission,), attributes)
