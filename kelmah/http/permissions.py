"""Who may come in at all. What somebody may see or do in particular is asked in a domain's queries and actions."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kelmah import rights
from kelmah.http.errors import WrongRole
from kelmah.principal import Principal

# What views ask for, for the system check that compares it with what domains declare.
ASKED_ROLES: set[str] = set()
ASKED_PERMISSIONS: set[str] = set()


class Nobody(BasePermission):
    """The default of every view: one that doesn't say who may come in lets nobody in."""

    message = "This resource does not say who may use it."
    code = WrongRole.code

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class Authenticated(BasePermission):
    """A good access token is enough: whose a thing is, queries and actions ask."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, Principal)


class Anyone(BasePermission):
    """No token needed. A bad one is refused all the same."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return True


class RolePermission(Authenticated):
    """Base of what ``HasRole`` and ``Can`` make."""

    message: str = WrongRole.title
    code = WrongRole.code

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, Principal) and request.user.has_role(*self.holders())

    @classmethod
    def holders(cls) -> frozenset[str]:
        """The roles that come in."""
        raise NotImplementedError


class RightPermission(RolePermission):
    """Base of what ``Can`` makes."""

    permission: str
    somewhere: bool

    def has_permission(self, request: Request, view: Any) -> bool:
        admits = rights.can_somewhere if self.somewhere else rights.can
        if isinstance(request.user, Principal):
            rights.check_restrictions(request.user, self.permission)
        return isinstance(request.user, Principal) and admits(request.user, self.permission)

    @property
    def message(self) -> str:  # type: ignore[override]  # a text where it is known beforehand
        return rights.refusal(self.permission)

    @classmethod
    def holders(cls) -> frozenset[str]:
        return rights.holders_of(cls.permission)


def HasRole(*roles: str) -> type[RolePermission]:
    """Callers with at least one of the roles; others get 403 ``wrong_role``, nobody 401."""
    if not roles:
        raise ValueError("name at least one role")
    ASKED_ROLES.update(roles)
    attributes = {
        "holders": classmethod(lambda cls: frozenset(roles)),
        "message": f"Only a {' or '.join(roles)} may do this.",
    }
    return type(f"HasRole_{'_'.join(roles)}", (RolePermission,), attributes)


def Can(permission: str, *, somewhere: bool = False) -> type[RightPermission]:
    """Callers whose roles have the permission; others get 403 ``wrong_role``, nobody 401.

    With ``somewhere`` also those who have it within some scope only: the action checks which.
    """
    ASKED_PERMISSIONS.add(permission)
    attributes = {"permission": permission, "somewhere": somewhere}
    return type(f"Can_{permission.replace('.', '_')}", (RightPermission,), attributes)
