"""JSON of where people worked and learned, in and out."""

from datetime import date
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from domains.identity.api.serializers.fields import lines, one_line
from domains.identity.rules import resume
from kelmah.http.fields import TextField
from kelmah.http.serializers import StrictSerializer


class MonthField(TextField):
    """``2012-03``, as its first day."""

    def __init__(self, **options: Any) -> None:
        form = RegexValidator(r"^(19|20)\d\d-(0[1-9]|1[0-2])$", "A month is written like 2012-03.")
        super().__init__(max_length=7, validators=[form], **options)


class StationIn(StrictSerializer):
    organisation = TextField(max_length=resume.ORGANISATION_LENGTH, validators=[one_line])
    title = TextField(max_length=resume.TITLE_LENGTH, validators=[one_line])
    started = MonthField()
    ended = MonthField(allow_null=True, default=None, help_text="null: it goes on.")
    text = TextField(max_length=resume.STORY_LENGTH, allow_blank=True, default="", validators=[lines])

    def in_months(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs | {"started": _month(attrs["started"]), "ended": _month(attrs["ended"])}


class ExperienceIn(StationIn):
    def validate(self, attrs: dict[str, Any]) -> Any:
        return resume.Experience(**self.in_months(attrs))


class EducationIn(StationIn):
    def validate(self, attrs: dict[str, Any]) -> Any:
        return resume.Education(**self.in_months(attrs))


class StationOut(serializers.Serializer):
    organisation = serializers.CharField()
    title = serializers.CharField()
    started = serializers.CharField(help_text="A month, for example 2012-03.")
    ended = serializers.CharField(allow_null=True, help_text="null: it goes on.")
    text = serializers.CharField()


def render_station(station: resume.Station) -> dict[str, Any]:
    return {
        "organisation": station.organisation,
        "title": station.title,
        "started": f"{station.started:%Y-%m}",
        "ended": f"{station.ended:%Y-%m}" if station.ended else None,
        "text": station.text,
    }


def _month(text: str | None) -> date | None:
    return date.fromisoformat(f"{text}-01") if text else None
