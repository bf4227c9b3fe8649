"""JSON of the search of workers."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from domains.identity.api.serializers.profiles import LanguageOut, PlaceOut, RatesOut, ReputationOut, SkillOut
from domains.identity.queries.directory import SORTS
from domains.identity.queries.gate import WorkerFilter
from domains.identity.rules import directory
from domains.identity.rules import profiles as said
from kelmah import clock
from kelmah.http.fields import MomentField
from kelmah.http.serializers import PageQuery
from kelmah.money import EXPONENTS

DEFAULT_RADIUS_KM = 25
_POINT = r"^-?\d{1,2}(\.\d{1,9})?,-?\d{1,3}(\.\d{1,9})?\Z"
_STARS = r"^[1-5](\.\d{1,2})?\Z"


class WorkerQuery(PageQuery):
    """A search for workers."""

    q = serializers.CharField(required=False, allow_blank=True, max_length=200, help_text="Any of these words.")
    skill = serializers.ListField(
        child=serializers.CharField(max_length=80),
        max_length=directory.MAX_SKILLS_ASKED,
        required=False,
        help_text="Any of these ids of GET /skills; best who has most of them, and best.",
    )
    near = serializers.RegexField(_POINT, required=False, help_text="latitude,longitude in degrees.")
    radius_km = serializers.IntegerField(required=False, min_value=1, max_value=500, help_text="Needs near; else 25.")
    rate_kind = serializers.ChoiceField(choices=said.RATE_KINDS, default="hourly")
    currency = serializers.ChoiceField(choices=sorted(EXPONENTS), required=False, help_text="Of the rate.")
    min_rate = serializers.IntegerField(
        required=False, min_value=1, max_value=said.MAX_RATE_MINOR, help_text="Minor units; needs currency."
    )
    max_rate = serializers.IntegerField(
        required=False, min_value=1, max_value=said.MAX_RATE_MINOR, help_text="Minor units; needs currency."
    )
    min_stars = serializers.RegexField(_STARS, required=False, help_text="For example 4.5.")
    language = serializers.ListField(
        child=serializers.RegexField(said.LANGUAGE), max_length=5, required=False, help_text="Any of these, ISO 639."
    )
    min_level = serializers.IntegerField(
        required=False, min_value=1, max_value=directory.HIGHEST_LEVEL, help_text="Of the ladder of verification."
    )
    available_at = MomentField(required=False, help_text="Free at this moment, by their own clock.")
    available_on = serializers.DateField(required=False, help_text="Working at some hour of this date.")
    sort = serializers.ChoiceField(
        choices=SORTS,
        default="rank",
        help_text="rank: best first; distance: nearest first, needs near; rate: cheapest first, needs currency; "
        "rating: most stars first.",
    )

    def validate_near(self, value: str) -> tuple[float, float]:
        latitude, longitude = (float(part) for part in value.split(","))
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise serializers.ValidationError("There is no such point.", code="out_of_range")
        return latitude, longitude

    def validate_min_stars(self, value: str) -> int:
        stars = round(float(value) * 100)
        if stars > 500:
            raise serializers.ValidationError("Five stars at most.", code="out_of_range")
        return stars

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        rates = [attrs[name] for name in ("min_rate", "max_rate") if name in attrs]
        if (rates or attrs["sort"] == "rate") and "currency" not in attrs:
            raise serializers.ValidationError({"currency": "Say in which currency."}, code="required")
        if len(rates) == 2 and rates[0] > rates[1]:
            raise serializers.ValidationError({"max_rate": "Less than min_rate."}, code="out_of_range")
        if ("radius_km" in attrs or attrs["sort"] == "distance") and "near" not in attrs:
            raise serializers.ValidationError({"near": "Say around which point."}, code="required")
        _within_a_year(attrs)
        return attrs


def worker_filter(asked: dict[str, Any], words: list[str]) -> WorkerFilter:
    """The filter that a validated ``WorkerQuery`` asks for, with its words as they are to be looked for."""
    plain = ("rate_kind", "currency", "min_rate", "max_rate", "min_stars", "min_level")
    wanted: dict[str, Any] = {name: asked[name] for name in plain if name in asked}
    if "near" in asked:
        latitude, longitude = asked["near"]
        radius_km = asked.get("radius_km", DEFAULT_RADIUS_KM)
        wanted |= {"latitude": latitude, "longitude": longitude, "radius_km": radius_km}
    return WorkerFilter(
        now=clock.now(),
        words=tuple(words),
        skill_ids=tuple(dict.fromkeys(asked.get("skill", ()))),
        languages=tuple(dict.fromkeys(asked.get("language", ()))),
        at=asked.get("available_at"),
        on=asked.get("available_on"),
        **wanted,
    )


class RankTermsOut(serializers.Serializer):
    rating = serializers.FloatField()
    verified = serializers.FloatField()
    jobs = serializers.FloatField()
    recency = serializers.FloatField()


class RankOut(serializers.Serializer):
    score = serializers.FloatField(help_text="match_weight x match + (1 - match_weight) x the sum of the terms.")
    match = serializers.FloatField(allow_null=True, help_text="How well words and skills fit, 0 to 1.")
    match_weight = serializers.FloatField()
    terms = RankTermsOut()
    version = serializers.IntegerField(help_text="Of the weights.")


class WorkerOut(serializers.Serializer):
    """A worker as the directory shows them."""

    user_id = serializers.UUIDField()
    display_name = serializers.CharField()
    headline = serializers.CharField()
    excerpt = serializers.CharField(help_text="Where their story begins.")
    skills = SkillOut(many=True)
    place = PlaceOut(allow_null=True)
    radius_km = serializers.IntegerField(allow_null=True)
    distance_km = serializers.FloatField(allow_null=True, help_text="From near.")
    rates = RatesOut()
    languages = LanguageOut(many=True)
    reputation = ReputationOut()
    jobs = serializers.IntegerField()
    verified_level = serializers.IntegerField()
    rank = RankOut()


# Private functions


def _within_a_year(attrs: dict[str, Any]) -> None:
    """What is known of holidays and plans ends there. What was is over, but it may still be yesterday elsewhere."""
    now = clock.now()
    for name, present in (("available_at", now), ("available_on", now.date())):
        if name in attrs and not -timedelta(days=1) <= attrs[name] - present <= directory.AHEAD:
            raise serializers.ValidationError({name: "Within the next 366 days."}, code="out_of_range")
