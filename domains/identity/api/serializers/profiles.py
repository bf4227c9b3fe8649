"""JSON of profiles, in and out."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from domains.identity import queries, rules
from domains.identity.api.serializers.availability import (
    AvailabilityOut,
    OwnAvailabilityOut,
    render_availability,
    render_own_availability,
)
from domains.identity.api.serializers.fields import known_zone, lines, one_line
from domains.identity.api.serializers.resume import EducationIn, ExperienceIn, StationOut, render_station
from domains.identity.models import Profile
from domains.identity.queries.privacy import privacy_of
from domains.identity.queries.profiles import availability_of
from domains.identity.rules import profiles as said
from domains.identity.rules import resume
from kelmah import clock
from kelmah.http.fields import MoneyField, NumberField, TextField, UUIDField, WholeNumberField
from kelmah.http.serializers import StrictSerializer

AUDIENCES = ("everybody", "hirer")

_SKILL_ID = RegexValidator(rules.SKILL_ID, "Use the id of a skill.")


class SkillIn(StrictSerializer):
    skill_id = TextField(max_length=80, validators=[_SKILL_ID], help_text="Of GET /skills.")
    level = WholeNumberField(min_value=rules.LEVELS[0], max_value=rules.LEVELS[1])
    years = WholeNumberField(min_value=0, max_value=rules.MOST_YEARS)

    def validate(self, attrs: dict[str, Any]) -> Any:
        return rules.Skill(**attrs)


class LanguageIn(StrictSerializer):
    code = TextField(max_length=3, validators=[RegexValidator(rules.LANGUAGE, "Use ISO 639 codes.")])
    level = serializers.ChoiceField(choices=said.LANGUAGE_LEVELS)

    def validate(self, attrs: dict[str, Any]) -> Any:
        return said.Language(**attrs)


class RatesIn(StrictSerializer):
    """What is left out is not asked for any more."""

    hourly = MoneyField(max_amount=rules.MAX_RATE_MINOR, allow_null=True, default=None)
    daily = MoneyField(max_amount=rules.MAX_RATE_MINOR, allow_null=True, default=None)
    visit = MoneyField(max_amount=rules.MAX_RATE_MINOR, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> Any:
        return said.Rates(**attrs)


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
    rates = RatesIn(required=False)
    languages = serializers.ListField(child=LanguageIn(), max_length=rules.MOST_LANGUAGES, required=False)
    experience = serializers.ListField(child=ExperienceIn(), max_length=resume.MOST_STATIONS, required=False)
    education = serializers.ListField(child=EducationIn(), max_length=resume.MOST_STATIONS, required=False)
    portfolio_file_ids = serializers.ListField(
        child=UUIDField(), max_length=said.MOST_PORTFOLIO_FILES, required=False, help_text="Of files of one's own."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {name: tuple(part) if isinstance(part, list) else part for name, part in attrs.items()}


class PreviewQuery(StrictSerializer):
    seen_by = serializers.ChoiceField(choices=AUDIENCES)


class SkillOut(serializers.Serializer):
    skill_id = serializers.CharField()
    name = serializers.CharField()
    level = serializers.IntegerField()
    years = serializers.IntegerField()
    verified = serializers.BooleanField(help_text="A certificate proved it.")


class LanguageOut(serializers.Serializer):
    code = serializers.CharField()
    level = serializers.ChoiceField(choices=said.LANGUAGE_LEVELS)


class RatesOut(serializers.Serializer):
    hourly = MoneyField(allow_null=True)
    daily = MoneyField(allow_null=True)
    visit = MoneyField(allow_null=True)


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
    rates = RatesOut()
    languages = LanguageOut(many=True)
    experience = StationOut(many=True)
    education = StationOut(many=True)
    portfolio_file_ids = serializers.ListField(child=serializers.UUIDField())
    availability = AvailabilityOut(allow_null=True, help_text="For hirers and the worker; null for others.")
    reputation = ReputationOut()
    jobs = serializers.IntegerField(help_text="Contracts that were completed.")
    verified_level = serializers.IntegerField(help_text="0 to 3 of the ladder of verification.")


class CompletenessOut(serializers.Serializer):
    percent = serializers.IntegerField()
    missing = serializers.ListField(child=serializers.ChoiceField(choices=list(rules.PARTS["worker"])))


class OwnProfileOut(ProfileOut):
    availability = OwnAvailabilityOut(allow_null=True, help_text="null for a hirer.")
    locale = serializers.ChoiceField(choices=rules.LOCALES)
    zone = serializers.CharField()
    version = serializers.IntegerField()
    completeness = CompletenessOut()


def render_profile(profile: Profile, *, seen_by: str) -> dict[str, Any]:
    """What one of ``AUDIENCES`` may see: no phone, no e-mail, and where somebody is only as exactly as they show it.
    Hirers also see when somebody can work."""
    content = queries.content_of(profile)
    digits = privacy_of([profile.user_id])[profile.user_id].place_digits
    when = None
    if seen_by == "hirer" and profile.user.role == "worker":
        when = render_availability(availability_of(profile), now=clock.now())
    place = None if digits is None else _place(content.place, digits=digits)
    return _rendered(profile, content) | {"place": place, "availability": when}


def render_own_profile(profile: Profile) -> dict[str, Any]:
    """What its owner sees: the exact place, notes, and what is missing."""
    content, when = queries.content_of(profile), availability_of(profile)
    percent, missing = rules.completeness(content, role=profile.user.role, says_when=bool(when.slots))
    own = render_own_availability(when, now=clock.now(), version=profile.version)
    return _rendered(profile, content) | {
        "availability": own if profile.user.role == "worker" else None,
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
        "skills": [vars(skill) for skill in content.skills],
        "place": _place(content.place, digits=6),
        "radius_km": content.radius_km,
        "rates": {kind: rate.as_json() if rate else None for kind, rate in vars(content.rates).items()},
        "languages": [vars(language) for language in content.languages],
        "experience": [render_station(station) for station in content.experience],
        "education": [render_station(station) for station in content.education],
        "portfolio_file_ids": list(content.portfolio_file_ids),
        "reputation": {"stars": _stars(profile.stars), "reviews": profile.reviews},
        "jobs": profile.jobs,
        "verified_level": profile.verified_level,
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
