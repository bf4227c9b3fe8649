"""JSON of when people can work, in and out."""

from datetime import date, datetime, timedelta
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from domains.identity.api.serializers.fields import known_zone, one_line
from domains.identity.rules import availability, directory
from domains.identity.rules.public_holidays import COUNTRIES, holidays_between
from kelmah import clock
from kelmah.http.fields import MomentField, TextField, WholeNumberField
from kelmah.http.serializers import StrictSerializer

_SHOWN_HOLIDAYS = timedelta(days=366)


class HourField(TextField):
    """``08:30`` on the wall's clock."""

    def __init__(self, **options: Any) -> None:
        form = RegexValidator(r"^([01]\d|2[0-3]):[0-5]\d$", "An hour is written like 08:30.")
        super().__init__(max_length=5, validators=[form], **options)


class DayField(serializers.DateField):
    """``2026-12-24``."""

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or len(value) != len("2026-12-24"):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class SlotIn(StrictSerializer):
    weekday = WholeNumberField(min_value=1, max_value=7, help_text="1 is Monday.")
    starts = HourField()
    ends = HourField(help_text="Not later than starts: on the next day.")

    def validate(self, attrs: dict[str, Any]) -> Any:
        starts, ends = _minute(attrs["starts"]), _minute(attrs["ends"])
        minutes = (ends - starts - 1) % availability.DAY + 1
        return availability.Slot(weekday=attrs["weekday"], starts=starts, minutes=minutes)


class TimeOffIn(StrictSerializer):
    first = DayField()
    last = DayField()
    note = TextField(max_length=availability.NOTE_LENGTH, allow_blank=True, default="", validators=[one_line])

    def validate(self, attrs: dict[str, Any]) -> Any:
        return availability.TimeOff(**attrs)


class AvailabilityIn(StrictSerializer):
    """All parts may be left out."""

    zone = TextField(max_length=60, validators=[known_zone], required=False)
    slots = serializers.ListField(child=SlotIn(), max_length=availability.MOST_SLOTS, required=False)
    days_off = serializers.ListField(child=TimeOffIn(), max_length=availability.MOST_DAYS_OFF, required=False)
    holidays = TextField(max_length=2, allow_blank=True, required=False, help_text="A country of ISO 3166, or nothing.")
    paused_until = MomentField(allow_null=True, required=False)

    def validate_holidays(self, country: str) -> str:
        if country and country not in COUNTRIES:
            raise serializers.ValidationError("Nothing is known of this country's holidays.", code="invalid_choice")
        return country


class SlotOut(serializers.Serializer):
    weekday = serializers.IntegerField(help_text="1 is Monday.")
    starts = serializers.CharField()
    ends = serializers.CharField(help_text="Not later than starts: on the next day.")


class TimeOffOut(serializers.Serializer):
    first = serializers.DateField()
    last = serializers.DateField()


class OwnTimeOffOut(TimeOffOut):
    note = serializers.CharField()


class HolidayOut(serializers.Serializer):
    day = serializers.DateField()
    name = serializers.CharField()


class AvailabilityOut(serializers.Serializer):
    zone = serializers.CharField()
    slots = SlotOut(many=True)
    days_off = TimeOffOut(many=True)
    holidays = serializers.CharField(help_text="The country whose public holidays they keep, or empty.")
    next_holidays = HolidayOut(many=True, help_text="Those of the next 366 days.")
    paused_until = serializers.DateTimeField(allow_null=True)


class OwnAvailabilityOut(AvailabilityOut):
    days_off = OwnTimeOffOut(many=True)
    version = serializers.IntegerField(help_text="That of the profile.")


class FreeQuery(StrictSerializer):
    start = MomentField(help_text="Within a year of now.")
    end = MomentField(help_text="At most 62 days after start.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if abs(attrs["start"] - clock.now()) > directory.AHEAD:
            raise serializers.ValidationError({"start": "Within a year of now."}, code="out_of_range")
        if not timedelta() < attrs["end"] - attrs["start"] <= availability.LONGEST_QUESTION:
            raise serializers.ValidationError({"end": "After start, by 62 days at most."}, code="out_of_range")
        return attrs


class IntervalOut(serializers.Serializer):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class FreeOut(serializers.Serializer):
    free = IntervalOut(many=True)


def render_availability(when: availability.Availability, *, now: datetime) -> dict[str, Any]:
    """What a hirer may know: without the notes."""
    today = now.date()
    return {
        "zone": when.zone,
        "slots": [
            {
                "weekday": slot.weekday,
                "starts": _hour(slot.starts),
                "ends": _hour((slot.starts + slot.minutes) % availability.DAY),
            }
            for slot in when.slots
        ],
        "days_off": [{"first": off.first, "last": off.last} for off in when.days_off],
        "holidays": when.holidays,
        "next_holidays": [
            {"day": day, "name": name} for day, name in holidays_between(when.holidays, today, today + _SHOWN_HOLIDAYS)
        ],
        "paused_until": when.paused_until,
    }


def render_own_availability(when: availability.Availability, *, now: datetime, version: int) -> dict[str, Any]:
    return render_availability(when, now=now) | {
        "days_off": [{"first": off.first, "last": off.last, "note": off.note} for off in when.days_off],
        "version": version,
    }


def _minute(hour: str) -> int:
    return int(hour[:2]) * 60 + int(hour[3:])


def _hour(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
