"""How staff enter the desk: by the same rules as everybody logs in, and at the same price."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from rest_framework.request import Request

from domains.identity import actions, queries, rules
from domains.identity.models import User
from kelmah.errors import DomainError
from kelmah.http.address import client_address
from kelmah.http.throttling import take_from_limit
from kelmah.rights.declared import declared


class StaffBackend(ModelBackend):
    """``AUTHENTICATION_BACKENDS``: e-mail and password, five tries, limits per address, staff only.

    Raises PermissionDenied, which Django turns into its one refusal: wrong, locked, suspended and no staff look alike.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **rest: Any
    ) -> User | None:
        if username is None or password is None:
            return None
        try:
            if request is not None:
                take_from_limit(Request(request), "auth", None)
            ip = str(client_address(request)) if request is not None else None
            return actions.log_in_staff(email=username, password=password[: 2 * rules.LONGEST], ip=ip)
        except DomainError as refusal:
            raise PermissionDenied(refusal.code) from None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether a role of theirs has the permission; tables of Django's say nothing here."""
        return user_obj.is_active and perm in self.get_all_permissions(user_obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return user_obj.is_active and any(
            name.startswith(f"{app_label}.") for name in self.get_all_permissions(user_obj)
        )

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Looked up once per request: Django makes the user anew for each."""
        if not hasattr(user_obj, "_kelmah_permissions"):
            user_obj._kelmah_permissions = declared().permissions_of(queries.standing_of(user_obj).roles)
        return set(user_obj._kelmah_permissions)


class StaffPassword:
    """``AUTH_PASSWORD_VALIDATORS``: what a new password of staff must be, and what it ends."""

    def validate(self, password: str, user: User | None = None) -> None:
        context = [user.email or "", user.display_name] if user else []
        try:
            with actions.turn():
                rules.check_password_strength(password, role="staff", context=context)
        except DomainError as refusal:
            raise ValidationError([error.detail for error in refusal.errors] or refusal.detail) from None

    def password_changed(self, password: str, user: User | None = None) -> None:
        """Django calls this once the new password is stored."""
        if user is not None:
            actions.end_sessions_after_new_password(user_id=user.pk)

    def get_help_text(self) -> str:
        return f"At least {rules.SHORTEST['staff']} characters: five random words are easy to keep."
