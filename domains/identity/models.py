"""Tables of identity."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from domains.identity import rules
from kelmah.db.models import IdempotencyKeyBase, InboxBase, OutboxBase, UUIDModel, Versioned
from kelmah.money import Money


class Users(BaseUserManager["User"]):
    """What Django's own login of staff asks for."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(UUIDModel, AbstractBaseUser, PermissionsMixin):
    """Somebody with an account. ``email`` and ``phone`` are stored clean, so that unique means unique."""

    email = models.EmailField(null=True, unique=True)
    phone = models.TextField(null=True, unique=True)
    display_name = models.CharField(max_length=80)
    role = models.TextField()
    locale = models.TextField(default="en")
    zone = models.TextField(default="Africa/Accra")
    status = models.TextField(default=rules.USER.initial)
    is_staff = models.BooleanField(default=False)
    failed_logins = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []
    objects = Users()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=False) | Q(phone__isnull=False), name="user_can_be_reached"
            ),
            models.CheckConstraint(condition=Q(email=Lower("email")) | Q(email__isnull=True), name="user_email_clean"),
            models.CheckConstraint(
                condition=Q(phone__regex=r"^\+[1-9][0-9]{6,14}$") | Q(phone__isnull=True), name="user_phone_e164"
            ),
            models.CheckConstraint(condition=Q(role__in=["worker", "hirer", "staff"]), name="user_role"),
            models.CheckConstraint(condition=Q(status__in=sorted(rules.USER.states)), name="user_status"),
            models.CheckConstraint(
                condition=Q(role="staff", is_staff=True) | Q(is_staff=False, is_superuser=False) & ~Q(role="staff"),
                name="user_staff_is_a_role",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """What Django's login of staff asks."""
        return self.status == "active"

    @property
    def roles(self) -> list[str]:
        return [self.role]


class AuthSession(UUIDModel):
    """One device that is logged in. Of refresh tokens only hashes: of the current one and the one before."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="sessions")
    current_hash = models.BinaryField(max_length=32)
    previous_hash = models.BinaryField(max_length=32, null=True)
    rotated_at = models.DateTimeField(null=True)
    rotations = models.PositiveIntegerField(default=0)
    auth_time = models.DateTimeField()
    device_name = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    idle_expires_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoke_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(current_hash=F("previous_hash")), name="session_token_changes"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoke_reason="") | Q(revoked_at__isnull=False),
                name="session_reason_needs_end",
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="session_of_user")]

    def __str__(self) -> str:
        return self.device_name or "a device"


class Profile(Versioned):
    """What somebody tells of themselves. ``stars`` (hundredths) and ``reviews`` come from reviews, by event."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, primary_key=True, related_name="profile")
    headline = models.CharField(max_length=120, blank=True)
    bio = models.TextField(blank=True)
    place_name = models.CharField(max_length=120, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    radius_km = models.PositiveSmallIntegerField(null=True)
    rate_minor = models.BigIntegerField(null=True)
    rate_currency = models.CharField(max_length=3, blank=True)
    languages = models.JSONField(default=list)
    stars = models.PositiveSmallIntegerField(null=True)
    reviews = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(radius_km__range=(1, 500)) | Q(radius_km__isnull=True), name="radius"),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="profile_place_on_earth",
            ),
            models.CheckConstraint(
                condition=Q(rate_minor__gt=0, rate_currency__gt="") | Q(rate_minor__isnull=True, rate_currency=""),
                name="profile_rate_is_money",
            ),
            models.CheckConstraint(condition=Q(stars__range=(100, 500)) | Q(stars__isnull=True), name="profile_stars"),
        ]

    def __str__(self) -> str:
        return self.headline or str(self.pk)

    @property
    def rate(self) -> Money | None:
        return None if self.rate_minor is None else Money(self.rate_minor, self.rate_currency)

    def completeness(self, skills: list[Any]) -> tuple[int, list[str]]:
        filled = {
            "headline": bool(self.headline),
            "bio": bool(self.bio),
            "skills": bool(skills),
            "place": self.latitude is not None,
            "rate": self.rate_minor is not None,
        }
        return rules.completeness(role=self.user.role, filled=filled)


class ProfileSkill(models.Model):
    """One skill of a profile; ``skill_id`` names a skill of marketplace's taxonomy."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="skills")
    skill_id = models.CharField(max_length=100)
    name = models.CharField(max_length=120)
    level = models.PositiveSmallIntegerField()
    years = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "skill_id"], name="profile_skill_once"),
            models.CheckConstraint(condition=Q(level__range=(1, 5), years__lte=60), name="profile_skill_range"),
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
