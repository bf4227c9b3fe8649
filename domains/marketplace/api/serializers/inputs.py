"""JSON that marketplace takes in: shapes and limits. What is allowed is decided by rules."""

from typing import Any

from rest_framework import serializers

from domains.marketplace import rules
from domains.marketplace.queries import JobFilter
from kelmah.http.fields import MAX_MINOR, MoneyField, NumberField, SwitchField, TextField, WholeNumberField
from kelmah.http.serializers import PageQuery, StrictSerializer
from kelmah.money import EXPONENTS

DEFAULT_RADIUS_KM = 25


class PlaceIn(StrictSerializer):
    name = TextField(max_length=200)
    latitude = NumberField(min_value=-90, max_value=90)
    longitude = NumberField(min_value=-180, max_value=180)

    def validate(self, attrs: dict[str, Any]) -> Any:
        return rules.Place(**attrs)


class JobIn(StrictSerializer):
    """A new job."""

    title = TextField(min_length=5, max_length=140)
    description = TextField(min_length=10, max_length=10_000)
    category = TextField(max_length=40, help_text="A slug of GET /categories.")
    skills = serializers.ListField(
        child=TextField(max_length=80), max_length=15, default=list, help_text="Ids of GET /skills."
    )
    kind = serializers.ChoiceField(choices=rules.KINDS)
    mode = serializers.ChoiceField(choices=rules.MODES)
    budget = MoneyField(help_text="The whole price, or the rate of an hour.")
    enforce_budget_band = SwitchField(default=False, help_text="Take only proposals within 80 to 120 % of the budget.")
    visibility = serializers.ChoiceField(choices=rules.VISIBILITIES, default="public")
    place = PlaceIn(required=False, allow_null=True, default=None, help_text="Needed unless remote.")

    def validate_skills(self, value: list[str]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise serializers.ValidationError("Name each skill once.", code="repeated")
        return tuple(value)


class JobChangesIn(JobIn):
    """What changes about a job; the rest stays."""

    def get_fields(self) -> dict[str, serializers.Field]:
        # Not ``partial``, which would let half a place through as well.
        fields = super().get_fields()
        for field in fields.values():
            field.required, field.default = False, serializers.empty
        return fields


class JobQuery(PageQuery):
    """A search for jobs."""

    q = serializers.CharField(required=False, allow_blank=True, max_length=200, help_text="Any of these words.")
    category = serializers.CharField(required=False, max_length=40)
    skill = serializers.CharField(required=False, max_length=80)
    kind = serializers.ChoiceField(choices=rules.KINDS, required=False)
    mode = serializers.ChoiceField(choices=rules.MODES, required=False)
    currency = serializers.ChoiceField(choices=sorted(EXPONENTS), required=False)
    min_budget = serializers.IntegerField(
        required=False, min_value=0, max_value=MAX_MINOR, help_text="Minor units; needs currency."
    )
    max_budget = serializers.IntegerField(
        required=False, min_value=0, max_value=MAX_MINOR, help_text="Minor units; needs currency."
    )
    near = serializers.RegexField(
        r"^-?\d{1,2}(\.\d{1,9})?,-?\d{1,3}(\.\d{1,9})?$", required=False, help_text="latitude,longitude in degrees."
    )
    radius_km = serializers.IntegerField(required=False, min_value=1, max_value=500, help_text="Needs near; else 25.")

    def validate_near(self, value: str) -> tuple[float, float]:
        latitude, longitude = (float(part) for part in value.split(","))
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise serializers.ValidationError("There is no such point.", code="out_of_range")
        return latitude, longitude

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        budgets = [attrs[name] for name in ("min_budget", "max_budget") if name in attrs]
        if budgets and "currency" not in attrs:
            raise serializers.ValidationError({"currency": "Say in which currency."}, code="required")
        if len(budgets) == 2 and budgets[0] > budgets[1]:
            raise serializers.ValidationError({"max_budget": "Less than min_budget."}, code="out_of_range")
        if "radius_km" in attrs and "near" not in attrs:
            raise serializers.ValidationError({"near": "Say around which point."}, code="required")
        return attrs


def job_filter(query: dict[str, Any]) -> JobFilter:
    """The filter that a validated ``JobQuery`` asks for."""
    plain = ("category", "skill", "kind", "mode", "currency", "min_budget", "max_budget")
    wanted = {name: query[name] for name in plain if name in query}
    if "near" in query:
        latitude, longitude = query["near"]
        radius_km = query.get("radius_km", DEFAULT_RADIUS_KM)
        wanted |= {"latitude": latitude, "longitude": longitude, "radius_km": radius_km}
    return JobFilter(**wanted)


class SkillQuery(StrictSerializer):
    q = serializers.CharField(required=False, allow_blank=True, default="", max_length=100)
    category = serializers.CharField(required=False, default=None, max_length=40)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=500, default=20)


class ProposalIn(StrictSerializer):
    cover_letter = TextField(max_length=5_000)
    amount = MoneyField()
    delivery_days = WholeNumberField(min_value=1, max_value=365)


class StepIn(StrictSerializer):
    title = TextField(max_length=140)
    description = TextField(max_length=2_000, allow_blank=True, default="")
    amount = MoneyField()
    due_in_days = WholeNumberField(min_value=1, max_value=365, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> Any:
        return rules.Step(**attrs)


class OfferIn(StrictSerializer):
    scope = TextField(max_length=5_000, help_text="What is to be done.")
    kind = serializers.ChoiceField(choices=rules.KINDS)
    amount = MoneyField(help_text="The whole price, or the rate of an hour.")
    milestones = serializers.ListField(
        child=StepIn(), max_length=20, default=list, help_text="Sum exactly to a fixed price."
    )
