"""The directory of workers: what it is searched by, and what a place in it is worth."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q

from domains.identity.models.people import User
from domains.identity.models.profiles import Profile
from domains.identity.rules import directory
from domains.identity.rules import profiles as limits


class Skill(models.Model):
    """A skill of marketplace's taxonomy, as marketplace last told it: identity may not ask. ``words`` are its synonyms;
    ``active``: it can still be chosen."""

    id = models.CharField(primary_key=True, max_length=80)
    name = models.CharField(max_length=80)
    words = models.TextField(blank=True)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class SkillWord(models.Model):
    """A word that skills are called by, by which mistyped ones are put right; ``stem`` as the search takes it."""

    word = models.CharField(primary_key=True, max_length=80)
    stem = models.CharField(max_length=80)

    class Meta:
        indexes = [
            GinIndex(fields=["word"], opclasses=["gin_trgm_ops"], name="skill_word_like"),
            models.Index(fields=["stem"], name="skill_word_stem"),
        ]

    def __str__(self) -> str:
        return self.word


class FinishedJob(models.Model):
    """A contract that was completed, once for each side: so that an event heard twice counts once."""

    contract_id = models.UUIDField()
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="finished_jobs", db_index=False)
    ended_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "contract_id"], name="finished_job_once")]

    def __str__(self) -> str:
        return str(self.contract_id)


class RankWeights(models.Model):
    """What a place in the directory is made of: the newest version counts. Basis points; see ``rules.directory``."""

    version = models.PositiveIntegerField(primary_key=True)
    rating = models.PositiveSmallIntegerField()
    verified = models.PositiveSmallIntegerField()
    jobs = models.PositiveSmallIntegerField()
    recency = models.PositiveSmallIntegerField()
    match = models.PositiveSmallIntegerField()
    jobs_full = models.PositiveIntegerField()
    recency_days = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=400)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "rank weights"
        constraints = [
            models.CheckConstraint(
                condition=Q(recency=directory.WHOLE - F("rating") - F("verified") - F("jobs")),
                name="rank_weights_are_whole",
            ),
            models.CheckConstraint(condition=Q(match__range=(0, directory.WHOLE)), name="rank_weights_match"),
            models.CheckConstraint(condition=Q(jobs_full__gt=0, recency_days__gt=0), name="rank_weights_divide"),
            models.CheckConstraint(condition=Q(reason__gt="", version__gt=0), name="rank_weights_reason"),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"


class MinutesOfWeek(models.Field):
    """``int4multirange``: minutes since Monday midnight."""

    def db_type(self, connection: object) -> str:
        return "int4multirange"


class Dates(models.Field):
    """``datemultirange``."""

    def db_type(self, connection: object) -> str:
        return "datemultirange"


class Spot(models.Field):
    """``cube``: a point on a ball of radius 1, since GiST finds the nearest of those."""

    def db_type(self, connection: object) -> str:
        return "cube"


class OnABall(Func):
    template = (
        "CASE WHEN latitude IS NOT NULL AND longitude IS NOT NULL THEN cube(ARRAY["
        "cos(radians(latitude)) * cos(radians(longitude)), cos(radians(latitude)) * sin(radians(longitude)),"
        " sin(radians(latitude))]) END"
    )
    output_field = Spot()


def _by_rate(kind: str) -> models.Index:
    return models.Index(
        fields=[f"{kind}_currency", f"{kind}_minor", "user"],
        name=f"card_{kind}",
        condition=Q(**{f"{kind}_minor__isnull": False}),
    )


class WorkerCard(models.Model):
    """A worker as everybody may find them: a row for each who may be found, nobody else. Written by ``actions.cards``
    in the transaction of every change it is made of. The point is only as exact as its owner shows it, so that no
    search by distance tells more than the profile does."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, primary_key=True, related_name="+")
    display_name = models.TextField()
    headline = models.TextField()
    excerpt = models.TextField()
    skills = models.JSONField()
    skill_ids = ArrayField(models.TextField())
    strengths = ArrayField(models.SmallIntegerField())
    place_name = models.TextField()
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    radius_km = models.SmallIntegerField(null=True)
    hourly_minor = models.BigIntegerField(null=True)
    hourly_currency = models.TextField()
    daily_minor = models.BigIntegerField(null=True)
    daily_currency = models.TextField()
    visit_minor = models.BigIntegerField(null=True)
    visit_currency = models.TextField()
    languages = models.JSONField()
    language_codes = ArrayField(models.TextField())
    stars = models.SmallIntegerField()
    reviews = models.IntegerField()
    jobs = models.IntegerField()
    verified_level = models.SmallIntegerField()
    zone = models.TextField()
    weekdays = ArrayField(models.SmallIntegerField())
    utc_hours = ArrayField(models.SmallIntegerField(), default=list, db_default=[])
    weekly = MinutesOfWeek()
    days_off = Dates()
    paused_until = models.DateTimeField(null=True)
    active_at = models.DateTimeField()
    rank = models.IntegerField()
    rank_terms = models.JSONField()
    weights_version = models.IntegerField()
    search = SearchVectorField()
    spot = models.GeneratedField(expression=OnABall(), output_field=Spot(), db_persist=True)

    class Meta:
        indexes = [
            models.Index(fields=["rank", "user"], name="card_rank"),
            models.Index(fields=["stars", "user"], name="card_stars"),
            models.Index(fields=["active_at"], name="card_active"),
            *(_by_rate(kind) for kind in limits.RATE_KINDS),
            GinIndex(fields=["skill_ids"], name="card_skills", fastupdate=False),
            GinIndex(fields=["language_codes"], name="card_languages", fastupdate=False),
            GinIndex(fields=["search"], name="card_search"),
            GinIndex(fields=["utc_hours"], name="card_hours"),
            # Plain columns for areas, since PostgreSQL knows how many rows a range of them holds; GiST for the nearest.
            models.Index(fields=["latitude", "longitude"], name="card_place", condition=Q(latitude__isnull=False)),
            GistIndex(fields=["spot"], name="card_spot"),
        ]

    def __str__(self) -> str:
        return self.display_name
