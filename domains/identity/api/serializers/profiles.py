"""JSON of profiles, in and out."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from domains.identity import queries, rules
from domains.identity.api.serializers.fields import known_zone, lines, one_line
from domains.identity.models import Profile
from kelmah.http.fields import MoneyField, NumberField, TextField, WholeNumberField
from kelmah.http.serializers import StrictSerializer


class SkillIn(StrictSerializer):
    skill_id = TextField(max_length=80, validators=[RegexValidator(rules.SKILL_ID, "Use the id of a skill.")])
    name = TextField(max_length=80, validators=[one_line])
    level = WholeNumberField(min_value=rules.LEVELS[0], max_value=rules.LEVELS[1])
    years = WholeNumberField(min_value=0, max_value=rules.MOST_YEARS)

    def validate(self, attrs: dict[str, Any]) -> Any:
        return rules.Skill(**attrs)


class PlaceIn(StrictSerializer):
    name = TextField(max_length=rules.PLACE_LENGTH, validators=[one_line])
    latitude = NumberField(min_value=-90, max_value=90)
    longitude = NumberField(min_value=-180, max_value=180)

    def validate(self, attrs: dict[str, Any]) -> Any:
        return rules.Place(**attrs)


class ProfileIn(StrictSerializer):
    """All parts may be left out. Not by ``partial``, which would let parts of a place or a skill be left out too."""

    display_name = TextField(max_length=2 * rules.LONGEST_NAME, required=False)
    locale = serializers.ChoiceField(choices=rules.LOCALES, required=False)
    zone = TextField(max_length=60, validators=[known_zone], required=False)
    headline = TextField(max_length=rules.HEADLINE_LENGTH, allow_blank=True, validators=[one_line], required=False)
    bio = TextField(max_length=rules.BIO_LENGTH, allow_blank=True, validators=[lines], required=False)
    skills = serializers.ListField(child=SkillIn(), max_length=rules.MOST_SKILLS, required=False)
    place = PlaceIn(allow_null=True, required=False)
    radius_km = WholeNumberField(
        min_value=rules.RADIUS_KM[0], max_value=rules.RADIUS_KM[1], allow_null=True, required=False
    )
    rate = MoneyField(max_amount=rules.MAX_RATE_MINOR, allow_null=True, required=False, help_text="Per hour.")
    languages = serializers.ListField(
        child=TextField(max_length=3, validators=[RegexValidator(rules.LANGUAGE, "Use ISO 639 codes.")]),
        max_length=rules.MOST_LANGUAGES,
        required=False,
    )

    def validate_languages(self, languages: list[str]) -> tuple[str, ...]:
        return tuple(languages)


class SkillOut(serializers.Serializer):
    skill_id = serializers.CharField()
    name = serializers.CharField()
    level = serializers.IntegerField()
    years = serializers.IntegerField()


class PlaceOut(serializers.Serializer):
    name = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()


class ReputationOut(serializers.Serializer):
    stars = serializers.CharField(allow_null=True, help_text="Bayesian mean, for example 4.37; null without reviews.")
    reviews = serializers.IntegerField()


class ProfileOut(serializers.Serializer):
    user_id = serializers.UUIDField()
    display_name = serializers.CharField()
    role = serializers.ChoiceField(choices=rules.ROLES_TO_CHOOSE)
    headline = serializers.CharField()
    bio = serializers.CharField()
    skills = SkillOut(many=True)
    place = PlaceOut(allow_null=True)
    radius_km = serializers.IntegerField(allow_null=True)
    rate = MoneyField(allow_null=True)
    languages = serializers.ListField(child=serializers.CharField())
    reputation = ReputationOut()


class CompletenessOut(serializers.Serializer):
    percent = serializers.IntegerField()
    missing = serializers.ListField(child=serializers.ChoiceField(choices=list(rules.PARTS["worker"])))


class OwnProfileOut(ProfileOut):
    locale = serializers.ChoiceField(choices=rules.LOCALES)
    zone = serializers.CharField()
    version = serializers.IntegerField()
    completeness = CompletenessOut()


def render_profile(profile: Profile) -> dict[str, Any]:
    """What everybody may see: no phone, no e-mail, and where somebody is only to about a kilometre."""
    content = queries.content_of(profile)
    return _rendered(profile, content) | {"place": _place(content.place, digits=2)}


def render_own_profile(profile: Profile) -> dict[str, Any]:
    """What its owner sees: the exact place, and what is missing."""
    content = queries.content_of(profile)
    percent, missing = rules.completeness(content, role=profile.user.role)
    return _rendered(profile, content) | {
        "locale": content.locale,
        "zone": content.zone,
        "version": profile.version,
        "completeness": {"percent": percent, "missing": missing},
    }


def _rendered(profile: Profile, content: rules.Content) -> dict[str, Any]:
    return {
        "user_id": profile.user_id,
        "display_name": content.display_name,
        "role": profile.user.role,
        "headline": content.headline,
        "bio": content.bio,
        "skills": [
            {"skill_id": skill.skill_id, "name": skill.name, "level": skill.level, "years": skill.years}
            for skill in content.skills
        ],
        "place": _place(content.place, digits=6),
        "radius_km": content.radius_km,
        "rate": content.rate.as_json() if content.rate else None,
        "languages": list(content.languages),
        "reputation": {"stars": _stars(profile.stars), "reviews": profile.reviews},
    }


def _place(place: rules.Place | None, *, digits: int) -> dict[str, Any] | None:
    if place is None:
        return None
    return {
        "name": place.name,
        "latitude": round(place.latitude, digits),
        "longitude": round(place.longitude, digits),
    }


def _stars(hundredths: int | None) -> str | None:
    return None if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02}"
