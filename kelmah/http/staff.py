"""Pieces of staff's desk that every domain uses."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest


class Guarded:
    """For admin classes: who may look and who may act is what domains declare in their ``roles.py``.

    ``sees``: the permission to look; an inline without one is seen by whoever sees the page it is on. ``does``: the
    permission for each action of the list. What neither names is nobody's, and the system checks say so.
    """

    sees: str = ""
    does: Mapping[str, str] = {}

    def right_to_see(self) -> str:
        """The permission to look at this."""
        page = getattr(self, "parent_model", None)
        if self.sees or page is None:
            return self.sees
        return str(self.admin_site._registry[page].right_to_see())  # type: ignore[attr-defined]  # Django's admin

    def rights_to_do(self) -> Mapping[str, str]:
        """The permission for each action."""
        return self.does

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(self.right_to_see()))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]  # of Django's admin
        rights = self.rights_to_do()
        return {name: action for name, action in offered.items() if request.user.has_perm(rights.get(name, ""))}


class ReadOnly(Guarded):
    """For admin classes: what can be looked at, but not added, edited or deleted."""

    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
