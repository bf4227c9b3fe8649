"""When people can work."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, IntegerRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from domains.identity.models.profiles import Profile
from domains.identity.rules import availability


class _Minutes(Func):
    """Minutes of the week; from Sunday into Monday a slot ends beyond them."""

    template = "int4range((weekday - 1) * 1440 + starts, (weekday - 1) * 1440 + starts + minutes)"
    output_field = IntegerRangeField()


class _Days(Func):
    template = "daterange(first, last, '[]')"
    output_field = DateRangeField()


class WeeklySlot(models.Model):
    """Hours of a weekday (1 Monday to 7 Sunday) on the clock of the profile's zone, over midnight if need be."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="slots", db_index=False)
    weekday = models.PositiveSmallIntegerField()
    starts = models.PositiveSmallIntegerField()
    minutes = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__range=(1, 7)), name="slot_weekday"),
            models.CheckConstraint(condition=Q(starts__range=(0, availability.DAY - 1)), name="slot_starts"),
            models.CheckConstraint(condition=Q(minutes__range=(1, availability.DAY)), name="slot_length"),
            ExclusionConstraint(
                name="slot_alone",
                expressions=[(F("profile"), RangeOperators.EQUAL), (_Minutes(), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"weekday {self.weekday}, {self.starts // 60:02}:{self.starts % 60:02}, {self.minutes} minutes"


class DayOff(models.Model):
    """Whole days without work, ends included: a holiday, or a single day. ``note`` is for the owner alone."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="days_off", db_index=False)
    first = models.DateField()
    last = models.DateField()
    note = models.CharField(max_length=availability.NOTE_LENGTH, blank=True)

    class Meta:
        verbose_name_plural = "days off"
        constraints = [
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="day_off_in_order"),
            ExclusionConstraint(
                name="day_off_once",
                expressions=[(F("profile"), RangeOperators.EQUAL), (_Days(), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"
