"""Tables of marketplace. What a constraint can say, a constraint says."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q

from domains.marketplace import rules
from kelmah.db.models import DeadlineBase, IdempotencyKeyBase, InboxBase, OutboxBase, UUIDModel, Versioned
from kelmah.money import EXPONENTS, Money
from kelmah.transitions import StateTable

CURRENCIES = sorted(EXPONENTS)
MAX_MINOR = 10**15
# What everybody may find: the partial indexes of search hold these rows only, and so must every query that uses them.
LISTED = Q(state="open", visibility="public")


def _waiting(table: StateTable) -> list[str]:
    return sorted(table.states - table.final)


class Category(models.Model):
    """A line of work, as people look for it. Loaded by a migration."""

    slug = models.CharField(primary_key=True, max_length=40)
    name = models.CharField(max_length=80, unique=True)
    group = models.CharField(max_length=20)
    position = models.PositiveSmallIntegerField(unique=True)
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "categories"
        constraints = [
            models.CheckConstraint(
                condition=Q(group__in=["trades", "operations", "creative", "technical"]), name="category_group"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Skill(models.Model):
    """Something a worker can do: an O*NET occupation, specialisation or program. ``synonyms`` only help to find it."""

    id = models.CharField(primary_key=True, max_length=80)
    name = models.CharField(max_length=80, unique=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="skills")
    onet_code = models.CharField(max_length=10)
    synonyms = ArrayField(models.CharField(max_length=120), default=list)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$"), name="skill_id_is_slug"),
            models.CheckConstraint(condition=Q(onet_code__regex=r"^\d{2}-\d{4}\.\d{2}$"), name="skill_onet_code"),
        ]

    def __str__(self) -> str:
        return self.name


class SearchText(Func):
    """What a job is searched by: title (A), names of skills (B), description (C). One language for all rows, so that
    the column is immutable and its index is used."""

    template = (
        "setweight(to_tsvector('english'::regconfig, title), 'A') ||"
        " setweight(jsonb_to_tsvector('english'::regconfig,"
        " jsonb_path_query_array(skills, '$[*].name'), '\"string\"'), 'B') ||"
        " setweight(to_tsvector('english'::regconfig, description), 'C')"
    )
    output_field = SearchVectorField()


class Job(UUIDModel, Versioned):
    """A posting. ``skills`` repeats ids and names of ``JobSkill`` for reading and searching without a join; actions
    write both in one transaction."""

    hirer_id = models.UUIDField()
    title = models.CharField(max_length=140)
    description = models.TextField()
    category = models.ForeignKey(Category, on_delete=models.PROTECT, db_index=False)
    skills = models.JSONField(default=list)
    kind = models.TextField()
    mode = models.TextField()
    budget_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    enforce_budget_band = models.BooleanField(default=False)
    visibility = models.TextField(default="public")
    place_name = models.CharField(max_length=200, null=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    state = models.TextField(default=rules.JOB.initial)
    removal_reason = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    search = models.GeneratedField(expression=SearchText(), output_field=SearchVectorField(), db_persist=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.JOB.states)), name="job_state"),
            models.CheckConstraint(condition=Q(kind__in=rules.KINDS), name="job_kind"),
            models.CheckConstraint(condition=Q(mode__in=rules.MODES), name="job_mode"),
            models.CheckConstraint(condition=Q(visibility__in=rules.VISIBILITIES), name="job_visibility"),
            models.CheckConstraint(condition=Q(budget_minor__gt=0, budget_minor__lte=MAX_MINOR), name="job_budget"),
            models.CheckConstraint(condition=Q(currency__in=CURRENCIES), name="job_currency"),
            models.CheckConstraint(
                condition=Q(place_name__isnull=True, latitude__isnull=True, longitude__isnull=True)
                # Said outright, since a comparison with NULL is no violation.
                | Q(place_name__isnull=False, latitude__isnull=False, longitude__isnull=False)
                & Q(place_name__gt="", latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="job_place_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(mode="remote") | Q(latitude__isnull=False), name="job_on_site_has_place"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "removed"], published_at__isnull=True, expires_at__isnull=True)
                | ~Q(state="draft")
                & Q(published_at__isnull=False, expires_at__isnull=False, expires_at__gt=F("published_at")),
                name="job_published_has_dates",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_waiting(rules.JOB), ended_at__isnull=True)
                | (~Q(state__in=_waiting(rules.JOB)) & Q(ended_at__isnull=False)),
                name="job_end_has_date",
            ),
            models.CheckConstraint(
                condition=Q(state="removed", removal_reason__gt="") | (~Q(state="removed") & Q(removal_reason="")),
                name="job_removal_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["hirer_id", "-id"], name="job_of_hirer"),
            models.Index(F("published_at").desc(), F("id").desc(), name="job_feed", condition=LISTED),
            models.Index(
                F("category"), F("published_at").desc(), F("id").desc(), name="job_feed_of_category", condition=LISTED
            ),
            GinIndex(fields=["search"], name="job_search", condition=LISTED),
            # Plain columns: of a range PostgreSQL knows how many rows it holds, of a box in a GiST index it does not,
            # and so it would read all of a crowded city by index where the newest few thousand rows are enough.
            models.Index(
                fields=["latitude", "longitude"], name="job_place", condition=LISTED & Q(latitude__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def budget(self) -> Money:
        return Money(self.budget_minor, self.currency)

    @property
    def place(self) -> rules.Place | None:
        if self.place_name is None or self.latitude is None or self.longitude is None:
            return None
        return rules.Place(name=self.place_name, latitude=self.latitude, longitude=self.longitude)


class JobSkill(models.Model):
    """A skill that a job asks for."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, db_index=False)
    skill = models.ForeignKey(Skill, on_delete=models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "skill"], name="job_skill_once")]

    def __str__(self) -> str:
        return self.skill_id


class Proposal(UUIDModel, Versioned):
    """A worker's bid for a job."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="proposals", db_index=False)
    worker_id = models.UUIDField()
    cover_letter = models.TextField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    delivery_days = models.PositiveSmallIntegerField()
    state = models.TextField(default=rules.PROPOSAL.initial)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.PROPOSAL.states)), name="proposal_state"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, amount_minor__lte=MAX_MINOR), name="proposal_amount"
            ),
            models.CheckConstraint(condition=Q(currency__in=CURRENCIES), name="proposal_currency"),
            models.CheckConstraint(condition=Q(delivery_days__range=(1, 365)), name="proposal_delivery"),
            models.CheckConstraint(
                condition=Q(state__in=_waiting(rules.PROPOSAL), ended_at__isnull=True)
                | (~Q(state__in=_waiting(rules.PROPOSAL)) & Q(ended_at__isnull=False)),
                name="proposal_end_has_date",
            ),
            models.UniqueConstraint(
                fields=["job", "worker_id"], condition=Q(state__in=rules.LIVE_PROPOSALS), name="proposal_one_live"
            ),
            models.UniqueConstraint(fields=["job"], condition=Q(state="accepted"), name="proposal_one_accepted"),
            # What the offer's foreign key on both columns points at.
            models.UniqueConstraint(fields=["id", "job"], name="proposal_with_job"),
        ]
        indexes = [
            models.Index(fields=["job", "-id"], name="proposal_of_job"),
            models.Index(fields=["worker_id", "-id"], name="proposal_of_worker"),
        ]

    def __str__(self) -> str:
        return f"proposal of {self.worker_id}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Offer(UUIDModel, Versioned):
    """Terms that the hirer puts before a worker. ``milestones`` holds title, description, amount (minor units of the
    offer's currency) and due_in_days of each step; a constraint keeps their sum equal to the amount."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="offers")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="offers")
    scope = models.TextField()
    kind = models.TextField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    milestones = models.JSONField(default=list)
    state = models.TextField(default=rules.OFFER.initial)
    contract_id = models.UUIDField(null=True, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.OFFER.states)), name="offer_state"),
            models.CheckConstraint(condition=Q(kind__in=rules.KINDS), name="offer_kind"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0, amount_minor__lte=MAX_MINOR), name="offer_amount"),
            models.CheckConstraint(condition=Q(currency__in=CURRENCIES), name="offer_currency"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="offer_expires_later"),
            models.CheckConstraint(
                condition=Q(state="accepted", contract_id__isnull=False)
                | (~Q(state="accepted") & Q(contract_id__isnull=True)),
                name="offer_accepted_names_contract",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_waiting(rules.OFFER), ended_at__isnull=True)
                | (~Q(state__in=_waiting(rules.OFFER)) & Q(ended_at__isnull=False)),
                name="offer_end_has_date",
            ),
            models.UniqueConstraint(fields=["proposal"], condition=Q(state=rules.LIVE_OFFER), name="offer_one_live"),
            # The database's own guard against two contracts for one job.
            models.UniqueConstraint(fields=["job"], condition=Q(state="accepted"), name="offer_one_accepted"),
        ]

    def __str__(self) -> str:
        return f"offer for {self.proposal_id}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def steps(self) -> list[rules.Step]:
        return [
            rules.Step(
                title=step["title"],
                description=step["description"],
                amount=Money(step["amount"], self.currency),
                due_in_days=step["due_in_days"],
            )
            for step in self.milestones
        ]


class Deadline(DeadlineBase):
    pass


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass
