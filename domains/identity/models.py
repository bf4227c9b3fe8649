"""Tables of identity. What a constraint can say, a constraint says."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from domains.identity import rules
from kelmah.db.models import IdempotencyKeyBase, InboxBase, OutboxBase, UUIDModel, Versioned
from kelmah.money import EXPONENTS, Money


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
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = Users()

    class Meta:
        permissions = [("suspend_user", "Can suspend and reactivate people")]
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=False) | Q(phone__isnull=False), name="user_can_be_reached"
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
            models.CheckConstraint(condition=Q(password__regex=rules.HASHED), name="user_password_hashed"),
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

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(None if raw_password is None else rules.normal_password(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        return raw_password is not None and super().check_password(rules.normal_password(raw_password))


class RoleGrant(UUIDModel):
    """A role that staff gave somebody, besides the one chosen at sign-up; within a scope, or everywhere."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.TextField()
    scope_kind = models.TextField(blank=True, default="")
    scope_id = models.TextField(blank=True, default="")
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "scope_kind", "scope_id"], name="role_grant_once"),
            models.CheckConstraint(
                condition=Q(role__regex=rules.GRANTED_ROLE) & ~Q(role__in=rules.ROLES),
                name="role_grant_of_another_role",
            ),
            models.CheckConstraint(
                condition=Q(scope_kind="", scope_id="") | Q(scope_kind__gt="", scope_id__gt=""),
                name="role_grant_scope_is_whole",
            ),
            models.CheckConstraint(condition=~Q(user=F("granted_by")), name="role_grant_by_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.role} ({self.scope_kind} {self.scope_id})" if self.scope_kind else self.role


class LoginGuard(models.Model):
    """How often a password was wrong of late. One row per account tried, and one per login of nobody, so that the two
    cost the same and look the same."""

    key = models.CharField(primary_key=True, max_length=80)
    failures = models.PositiveSmallIntegerField(default=0)
    last_failed_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(failures__range=(0, rules.LOCK_AFTER - 1)), name="guard_failures"),
            models.CheckConstraint(
                condition=Q(key__regex=r"^(user:[0-9a-f-]{36}|login:[0-9a-f]{64})$"), name="guard_key"
            ),
        ]
        indexes = [models.Index(fields=["last_failed_at"], name="guard_age")]

    def __str__(self) -> str:
        return self.key


def _bytes_in(column: str) -> Func:
    return Func(F(column), function="octet_length", output_field=models.IntegerField())


class AuthSession(UUIDModel):
    """One device that is logged in. Of refresh tokens only hashes: of the current one and the one before."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="sessions", db_index=False)
    current_hash = models.BinaryField(max_length=32)
    previous_hash = models.BinaryField(max_length=32, null=True)
    rotated_at = models.DateTimeField(null=True)
    rotations = models.PositiveIntegerField(default=0)
    auth_time = models.DateTimeField()
    device_name = models.CharField(max_length=200, blank=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    idle_expires_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoke_reason = models.TextField(blank=True, default="")

    class Meta:
        permissions = [("revoke_session", "Can end sessions")]
        constraints = [
            models.CheckConstraint(condition=Exact(_bytes_in("current_hash"), 32), name="session_hash"),
            models.CheckConstraint(
                condition=Q(previous_hash__isnull=True, rotated_at__isnull=True, rotations=0)
                | Q(previous_hash__isnull=False, rotated_at__isnull=False, rotations__gt=0)
                & Q(Exact(_bytes_in("previous_hash"), 32))
                & ~Q(current_hash=F("previous_hash")),
                name="session_rotated_as_a_whole",
            ),
            models.CheckConstraint(
                condition=Q(created_at__lte=F("last_used_at"), auth_time__lte=F("last_used_at"))
                & Q(last_used_at__lt=F("idle_expires_at"), idle_expires_at__lte=F("expires_at")),
                name="session_times_in_order",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoke_reason="")
                | Q(revoked_at__isnull=False, revoke_reason__in=rules.END_REASONS),
                name="session_end_has_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="session_of_user")]

    def __str__(self) -> str:
        return self.device_name or "a device"


class Profile(Versioned):
    """What somebody tells of themselves. ``stars`` (hundredths) and ``reviews`` come from reviews, by event."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, primary_key=True, related_name="profile")
    headline = models.CharField(max_length=rules.HEADLINE_LENGTH, blank=True)
    bio = models.CharField(max_length=rules.BIO_LENGTH, blank=True)
    place_name = models.CharField(max_length=rules.PLACE_LENGTH, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    radius_km = models.PositiveSmallIntegerField(null=True)
    rate_minor = models.BigIntegerField(null=True)
    rate_currency = models.CharField(max_length=3, blank=True)
    languages = ArrayField(models.CharField(max_length=3), default=list, size=rules.MOST_LANGUAGES)
    stars = models.PositiveSmallIntegerField(null=True)
    reviews = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(place_name="", latitude__isnull=True, longitude__isnull=True)
                # Said outright, since a comparison with NULL is no violation.
                | Q(place_name__gt="", latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="profile_place_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(radius_km__isnull=True) | Q(radius_km__range=rules.RADIUS_KM, latitude__isnull=False),
                name="profile_radius_around_a_place",
            ),
            models.CheckConstraint(
                condition=Q(rate_minor__isnull=True, rate_currency="")
                | Q(rate_minor__isnull=False, rate_currency__in=sorted(EXPONENTS))
                & Q(rate_minor__range=(1, rules.MAX_RATE_MINOR)),
                name="profile_rate_is_money",
            ),
            models.CheckConstraint(
                condition=Q(stars__isnull=True, reviews=0)
                | Q(stars__isnull=False, reviews__gt=0) & Q(stars__range=(100, 500)),
                name="profile_stars_need_reviews",
            ),
        ]

    def __str__(self) -> str:
        return self.headline or str(self.pk)

    @property
    def rate(self) -> Money | None:
        return None if self.rate_minor is None else Money(self.rate_minor, self.rate_currency)

    @property
    def place(self) -> rules.Place | None:
        if self.latitude is None or self.longitude is None:
            return None
        return rules.Place(name=self.place_name, latitude=self.latitude, longitude=self.longitude)


class ProfileSkill(models.Model):
    """One skill of a profile; ``skill_id`` names a skill of marketplace's taxonomy."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="skills", db_index=False)
    skill_id = models.CharField(max_length=80)
    name = models.CharField(max_length=80)
    level = models.PositiveSmallIntegerField()
    years = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "skill_id"], name="profile_skill_once"),
            models.CheckConstraint(condition=Q(level__range=rules.LEVELS), name="profile_skill_level"),
            models.CheckConstraint(condition=Q(years__range=(0, rules.MOST_YEARS)), name="profile_skill_years"),
            models.CheckConstraint(condition=Q(skill_id__regex=rules.SKILL_ID), name="profile_skill_id"),
            models.CheckConstraint(condition=Q(name__gt=""), name="profile_skill_named"),
        ]
        indexes = [models.Index(fields=["skill_id"], name="profile_by_skill")]

    def __str__(self) -> str:
        return self.name


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass
