"""Where people worked and learned."""

from django.db import models
from django.db.models import F, Q

from domains.identity.models.profiles import Profile
from domains.identity.rules import resume


class _Station(models.Model):
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="%(class)s")
    organisation = models.CharField(max_length=resume.ORGANISATION_LENGTH)
    title = models.CharField(max_length=resume.TITLE_LENGTH)
    started = models.DateField()
    ended = models.DateField(null=True)
    text = models.CharField(max_length=resume.STORY_LENGTH, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(ended__isnull=True) | Q(ended__gte=F("started")), name="%(class)s_in_order"
            ),
            models.CheckConstraint(condition=Q(organisation__gt="", title__gt=""), name="%(class)s_named"),
            models.CheckConstraint(
                condition=Q(started__day=1) & (Q(ended__isnull=True) | Q(ended__day=1)), name="%(class)s_in_months"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.organisation}"


class Experience(_Station):
    """A time at one employer, in months told by their first day; without an end it goes on."""

    class Meta(_Station.Meta):
        verbose_name_plural = "experience"


class Education(_Station):
    """A time at one school, in months told by their first day; without an end it goes on."""

    class Meta(_Station.Meta):
        verbose_name_plural = "education"
