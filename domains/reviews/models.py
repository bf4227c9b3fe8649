"""Tables of reviews."""

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Abs
from django.db.models.lookups import LessThanOrEqual

from domains.reviews import rules
from kelmah.db.models import DeadlineBase, IdempotencyKeyBase, InboxBase, OutboxBase, UUIDModel, Versioned


class ReviewWindow(UUIDModel):
    """The time in which the two sides of one ended contract may review each other."""

    contract_id = models.UUIDField(unique=True)
    hirer_id = models.UUIDField()
    worker_id = models.UUIDField()
    title = models.TextField()
    category = models.TextField()
    state = models.TextField(default=rules.WINDOW.initial)
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.WINDOW.states)), name="window_state"),
            models.CheckConstraint(condition=~Q(hirer_id=F("worker_id")), name="window_two_sides"),
        ]
        indexes = [
            models.Index(fields=["hirer_id", "-closes_at", "-id"], condition=Q(state="open"), name="window_of_hirer"),
            models.Index(fields=["worker_id", "-closes_at", "-id"], condition=Q(state="open"), name="window_of_worker"),
        ]

    def __str__(self) -> str:
        return self.title


def _rated(axes: tuple[str, ...]) -> Q:
    # Said twice: a check that comes out as NULL counts as passed.
    return Q(**{f"{axis}__range": (1, 5) for axis in axes}, **{f"{axis}__isnull": False for axis in axes})


def _mean_of(axes: tuple[str, ...]) -> LessThanOrEqual:
    """``stars`` is at most half a hundredth from the mean of the axes; says nothing of the other side's, being NULL."""
    total = sum((F(axis) for axis in axes[1:]), F(axes[0]))
    return LessThanOrEqual(Abs((F("stars") * len(axes) - total * 100) * 2), Value(len(axes)))


def _unrated(axes: tuple[str, ...]) -> Q:
    return Q(**{f"{axis}__isnull": True for axis in axes})


class Review(UUIDModel, Versioned):
    """What one side says about the other. ``stars`` is the mean of the axes in hundredths.

    Sealed once it is published; that it fits its window and waits for it, triggers see to.
    """

    window = models.ForeignKey(ReviewWindow, on_delete=models.PROTECT, related_name="reviews")
    author_id = models.UUIDField()
    subject_id = models.UUIDField()
    author_role = models.TextField()
    quality = models.PositiveSmallIntegerField(null=True)
    communication = models.PositiveSmallIntegerField(null=True)
    punctuality = models.PositiveSmallIntegerField(null=True)
    value = models.PositiveSmallIntegerField(null=True)
    clarity = models.PositiveSmallIntegerField(null=True)
    payment = models.PositiveSmallIntegerField(null=True)
    respect = models.PositiveSmallIntegerField(null=True)
    stars = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    private_feedback = models.TextField(blank=True)
    state = models.TextField(default=rules.REVIEW.initial)
    submitted_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    reply_text = models.TextField(blank=True)
    replied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window", "author_role"], name="review_once_per_side"),
            models.CheckConstraint(condition=Q(stars__range=(100, 500)), name="review_stars"),
            models.CheckConstraint(condition=~Q(author_id=F("subject_id")), name="review_of_somebody_else"),
            models.CheckConstraint(
                condition=Q(author_role="hirer") & _rated(rules.AXES["hirer"]) & _unrated(rules.AXES["worker"])
                | Q(author_role="worker") & _rated(rules.AXES["worker"]) & _unrated(rules.AXES["hirer"]),
                name="review_axes_of_its_side",
            ),
            models.CheckConstraint(
                condition=Q(state="hidden", published_at__isnull=True)
                | Q(state="published", published_at__isnull=False),
                name="review_published_has_date",
            ),
            models.CheckConstraint(condition=_mean_of(rules.AXES["hirer"]), name="review_stars_of_hirer"),
            models.CheckConstraint(condition=_mean_of(rules.AXES["worker"]), name="review_stars_of_worker"),
            models.CheckConstraint(
                condition=Q(replied_at__isnull=True, reply_text="")
                | Q(replied_at__isnull=False, reply_text__gt="", published_at__isnull=False),
                name="review_reply_has_date",
            ),
        ]
        indexes = [
            models.Index(
                fields=["subject_id", "-published_at", "-id"], condition=Q(state="published"), name="review_of_subject"
            )
        ]

    def __str__(self) -> str:
        return f"{self.stars / 100:.2f} by the {self.author_role}"

    @property
    def ratings(self) -> dict[str, int]:
        return {axis: getattr(self, axis) for axis in rules.AXES[self.author_role]}


class Reputation(models.Model):
    """What somebody's published reviews come to; changed only under its row lock."""

    user_id = models.UUIDField(primary_key=True)
    total = models.PositiveBigIntegerField(default=0)
    count = models.PositiveIntegerField(default=0)
    stars = models.PositiveSmallIntegerField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(total__gte=F("count") * 100, total__lte=F("count") * 500), name="reputation_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(count=0, stars__isnull=True) | Q(count__gt=0, stars__isnull=False, stars__range=(100, 500)),
                name="reputation_stars",
            ),
        ]


class CategoryMean(models.Model):
    """Sum and number of published reviews of one side in one category: the prior of newcomers."""

    category = models.TextField()
    subject_role = models.TextField()
    total = models.PositiveBigIntegerField(default=0)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["category", "subject_role"], name="category_mean_once"),
            models.CheckConstraint(condition=Q(subject_role__in=sorted(rules.AXES)), name="category_mean_role"),
            models.CheckConstraint(
                condition=Q(total__gte=F("count") * 100, total__lte=F("count") * 500), name="category_mean_adds_up"
            ),
        ]


class Deadline(DeadlineBase):
    pass


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass
