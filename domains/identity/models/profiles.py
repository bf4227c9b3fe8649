"""What people tell of themselves."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact

from domains.identity import rules
from domains.identity.models.people import User
from domains.identity.rules import directory
from domains.identity.rules import profiles as limits
from kelmah.db.models import Versioned
from kelmah.money import EXPONENTS, Money


def _whole_rate(kind: str) -> models.CheckConstraint:
    amount, currency = f"{kind}_minor", f"{kind}_currency"
    return models.CheckConstraint(
        condition=Q(**{f"{amount}__isnull": True, currency: ""})
        | Q(**{f"{amount}__isnull": False, f"{currency}__in": sorted(EXPONENTS)})
        & Q(**{f"{amount}__range": (1, rules.MAX_RATE_MINOR)}),
        name=f"profile_{kind}_rate_is_money",
    )


def _length_of(column: str) -> Func:
    return Func(F(column), function="cardinality", output_field=models.IntegerField())


class Profile(Versioned):
    """What somebody tells of themselves, and what others found out. ``stars`` (hundredths) and ``reviews`` come from
    reviews, ``jobs`` from contracts, ``verified_level`` from identity papers. ``languages`` and ``language_levels``
    belong together by position. ``availability_zone`` empty: the person's own; ``holiday_country``
    empty: public holidays are days like others."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, primary_key=True, related_name="profile")
    headline = models.CharField(max_length=rules.HEADLINE_LENGTH, blank=True)
    bio = models.CharField(max_length=rules.BIO_LENGTH, blank=True)
    place_name = models.CharField(max_length=rules.PLACE_LENGTH, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    radius_km = models.PositiveSmallIntegerField(null=True)
    hourly_minor = models.BigIntegerField(null=True)
    hourly_currency = models.CharField(max_length=3, blank=True)
    daily_minor = models.BigIntegerField(null=True)
    daily_currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    visit_minor = models.BigIntegerField(null=True)
    visit_currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    languages = ArrayField(models.CharField(max_length=3), default=list, size=rules.MOST_LANGUAGES)
    language_levels = ArrayField(
        models.CharField(max_length=20), default=list, db_default=[], size=rules.MOST_LANGUAGES
    )
    portfolio_file_ids = ArrayField(models.UUIDField(), default=list, db_default=[], size=limits.MOST_PORTFOLIO_FILES)
    availability_zone = models.CharField(max_length=60, blank=True, default="", db_default="")
    holiday_country = models.CharField(max_length=2, blank=True, default="", db_default="")
    paused_until = models.DateTimeField(null=True)
    stars = models.PositiveSmallIntegerField(null=True)
    reviews = models.PositiveIntegerField(default=0)
    jobs = models.PositiveIntegerField(default=0, db_default=0)
    verified_level = models.PositiveSmallIntegerField(default=0, db_default=0)

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
            *(_whole_rate(kind) for kind in limits.RATE_KINDS),
            models.CheckConstraint(
                condition=Exact(_length_of("languages"), _length_of("language_levels"))
                & Q(language_levels__contained_by=list(limits.LANGUAGE_LEVELS)),
                name="profile_languages_have_levels",
            ),
            models.CheckConstraint(
                condition=Q(stars__isnull=True, reviews=0)
                | Q(stars__isnull=False, reviews__gt=0) & Q(stars__range=(100, 500)),
                name="profile_stars_need_reviews",
            ),
            models.CheckConstraint(
                condition=Q(verified_level__range=(0, directory.HIGHEST_LEVEL)), name="profile_verified_level"
            ),
        ]

    def __str__(self) -> str:
        return self.headline or str(self.pk)

    @property
    def rates(self) -> limits.Rates:
        return limits.Rates(
            hourly=_money(self.hourly_minor, self.hourly_currency),
            daily=_money(self.daily_minor, self.daily_currency),
            visit=_money(self.visit_minor, self.visit_currency),
        )

    @property
    def place(self) -> rules.Place | None:
        if self.latitude is None or self.longitude is None:
            return None
        return rules.Place(name=self.place_name, latitude=self.latitude, longitude=self.longitude)


class ProfileSkill(models.Model):
    """One skill of a profile; ``skill_id`` names a skill of marketplace's taxonomy, which may have retired it since.
    ``verified``: a certificate proved it."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="skills", db_index=False)
    skill_id = models.CharField(max_length=80)
    name = models.CharField(max_length=80)
    level = models.PositiveSmallIntegerField()
    years = models.PositiveSmallIntegerField()
    verified = models.BooleanField(default=False, db_default=False)

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


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
