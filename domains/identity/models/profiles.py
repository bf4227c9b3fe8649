"""What people tell of themselves."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from domains.identity import rules
from domains.identity.models.people import User
from kelmah.db.models import Versioned
from kelmah.money import EXPONENTS, Money


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
