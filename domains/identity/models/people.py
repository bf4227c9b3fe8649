"""Accounts."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from domains.identity import rules
from kelmah.db.models import UUIDModel


class Users(BaseUserManager["User"]):
    """What Django's own login of staff asks for."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(UUIDModel, AbstractBaseUser, PermissionsMixin):
    """Somebody with an account. ``email`` and ``phone`` are stored clean, so that unique means unique."""

    email = models.EmailField(null=True, unique=True)
    phone = models.CharField(max_length=16, null=True, unique=True)
    display_name = models.CharField(max_length=rules.LONGEST_NAME)
    role = models.TextField()
    locale = models.TextField(default="en")
    zone = models.CharField(max_length=60, default=rules.HOME_ZONE)
    status = models.TextField(default=rules.USER.initial)
    is_staff = models.BooleanField(default=False)
    standing = models.PositiveIntegerField(default=0, db_default=0)  # rises when access tokens of before must die
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = Users()

    class Meta:
        permissions = [("suspend_user", "Can suspend and reactivate people")]
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=False) | Q(phone__isnull=False) | Q(status="erased"),
                name="user_can_be_reached",
            ),
            # With the unique column: unique whatever the case. ASCII only, so lower case means the same everywhere.
            models.CheckConstraint(
                condition=Q(email__isnull=True) | Q(email=Lower("email"), email__regex=r"^[!-?A-~]+@[!-?A-~]+$"),
                name="user_email_clean",
            ),
            models.CheckConstraint(
                condition=Q(phone__isnull=True) | Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"), name="user_phone_e164"
            ),
            models.CheckConstraint(condition=Q(display_name__gt=""), name="user_has_a_name"),
            models.CheckConstraint(condition=Q(role__in=rules.ROLES), name="user_role"),
            models.CheckConstraint(condition=Q(locale__in=rules.LOCALES), name="user_locale"),
            models.CheckConstraint(condition=Q(zone__gt=""), name="user_zone"),
            models.CheckConstraint(condition=Q(status__in=sorted(rules.USER.states)), name="user_status"),
            models.CheckConstraint(
                condition=Q(password__regex=rules.HASHED) | ~Q(role="staff") & Q(password__regex=rules.NOTHING_HASHED),
                name="user_password_hashed",
            ),
            models.CheckConstraint(
                condition=Q(role="staff", is_staff=True, email__isnull=False)
                | ~Q(role="staff") & Q(is_staff=False, is_superuser=False),
                name="user_staff_is_a_role",
            ),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="user_newest")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # Django's default is a constant
        """What Django's login of staff asks."""
        return self.status == "active"

    @property
    def may_log_in(self) -> bool:
        return self.status in rules.MAY_LOG_IN

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(None if raw_password is None else rules.normal_password(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        return raw_password is not None and super().check_password(rules.normal_password(raw_password))
