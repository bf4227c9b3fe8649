"""What figures are made of, and the figures, in which nobody is left."""

from django.db import models
from django.db.models import Q

from domains.identity.models.people import User
from domains.identity.rules import analytics


class ActivationStep(models.Model):
    """The first time that somebody did something that counts. Goes with the account."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    step = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "step"], name="activation_once"),
            models.CheckConstraint(condition=Q(step__in=analytics.HEARD), name="activation_step"),
        ]

    def __str__(self) -> str:
        return self.step


class ActiveWeek(models.Model):
    """That somebody was here in a week, told by its Monday. Goes with the account."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    week = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "week"], name="active_week_once")]
        indexes = [models.Index(fields=["week"], name="active_week_age")]

    def __str__(self) -> str:
        return str(self.week)


class Figure(models.Model):
    """How many people, in groups large enough to hide each of them; ``value`` is null for a hidden one.

    ``period``: the first day of the week (sign-ups, retention) or month (funnel) of their sign-up. ``item``: the step
    of the funnel, the number of weeks since, or nothing. ``by`` and ``part``: everybody, a role, or a region.
    """

    kind = models.TextField()
    period = models.DateField()
    item = models.TextField(blank=True)
    by = models.TextField()
    part = models.TextField(blank=True)
    value = models.PositiveIntegerField(null=True)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "period", "item", "by", "part"], name="figure_once"),
            models.CheckConstraint(condition=Q(kind__in=analytics.KINDS), name="figure_kind"),
            models.CheckConstraint(condition=Q(by__in=analytics.BY), name="figure_by"),
            # The table itself holds nothing that could point at one person.
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value=0) | Q(value__gte=analytics.SMALLEST), name="figure_not_small"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period} {self.item} {self.part}"
