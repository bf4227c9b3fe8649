"""Roles that people were given, and those that staff ask for in twos."""

from django.db import models
from django.db.models import F, Q

from domains.identity.models.people import User
from domains.identity.rules import GRANTED_ROLE, ROLES
from domains.identity.rules import grants as rules
from kelmah.db.models import UUIDModel, Versioned


class RoleGrant(UUIDModel):
    """A role besides the one chosen at sign-up; within a scope, or everywhere. Ended ones stay: they say who
    held what."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.TextField()
    scope_kind = models.TextField(blank=True, default="")
    scope_id = models.TextField(blank=True, default="")
    # Nobody, where it follows from something that the person did: founding a company.
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, null=True)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, null=True)
    reason = models.CharField(max_length=rules.LONGEST_REASON, blank=True, default="", db_default="")
    granted_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, null=True)
    end_reason = models.CharField(max_length=rules.LONGEST_REASON, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "scope_kind", "scope_id"],
                condition=Q(ended_at__isnull=True),
                name="role_grant_once",
            ),
            models.CheckConstraint(
                condition=Q(role__regex=GRANTED_ROLE) & ~Q(role__in=ROLES), name="role_grant_of_another_role"
            ),
            models.CheckConstraint(
                condition=Q(scope_kind="", scope_id="") | Q(scope_kind__gt="", scope_id__gt=""),
                name="role_grant_scope_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True, scope_kind__gt="")
                | Q(granted_by__isnull=False) & ~Q(user=F("granted_by")),
                name="role_grant_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | Q(granted_by__isnull=False) & ~Q(approved_by=F("granted_by")) & ~Q(approved_by=F("user")),
                name="role_grant_by_two",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("granted_at")),
                name="role_grant_expires_later",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, end_reason="")
                | Q(ended_at__isnull=False, end_reason__gt=""),
                name="role_grant_end_has_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(ended_at__isnull=True, expires_at__isnull=False),
                name="role_grant_to_expire",
            ),
            models.Index(fields=["-granted_at", "-id"], name="role_grant_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.role} ({self.scope_kind} {self.scope_id})" if self.scope_kind else self.role


class RoleRequest(UUIDModel, Versioned):
    """Somebody of staff asks that an account of staff be given a role; somebody else of staff decides."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.TextField()
    expires_at = models.DateTimeField(null=True, blank=True)  # of the grant
    reason = models.CharField(max_length=rules.LONGEST_REASON)
    state = models.TextField(default=rules.REQUEST.initial)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, null=True)
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=rules.LONGEST_REASON, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reason__gt=""), name="role_request_has_a_reason"),
            models.CheckConstraint(condition=~Q(asked_by=F("user")), name="role_request_by_somebody_else"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True, decided_by__isnull=True)
                | Q(state="expired", decided_at__isnull=False, decided_by__isnull=True)
                | Q(state="withdrawn", decided_at__isnull=False, decided_by=F("asked_by"))
                | Q(state__in=["approved", "declined"], decided_at__isnull=False, decided_by__isnull=False)
                & ~Q(decided_by=F("asked_by"))
                & ~Q(decided_by=F("user")),
                name="role_request_by_two",
            ),
            models.UniqueConstraint(fields=["user", "role"], condition=Q(state="open"), name="role_request_one_open"),
        ]
        indexes = [
            models.Index(fields=["-asked_at", "-id"], name="role_request_newest"),
            models.Index(fields=["asked_at"], condition=Q(state="open"), name="role_request_to_expire"),
        ]

    def __str__(self) -> str:
        return f"{self.role} for {self.user_id}"
