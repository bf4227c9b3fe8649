"""Pieces of staff's desk that every domain uses."""

from typing import Any

from django.http import HttpRequest


class ReadOnly:
    """For admin classes: everything can be looked at, nothing added, edited or deleted."""

    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
