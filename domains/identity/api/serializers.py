"""JSON of identity, in and out."""

from typing import Any
from zoneinfo import available_timezones

from django.core.validators import RegexValidator
from rest_framework import serializers

from domains.identity import queries, rules
from domains.identity.actions import IssuedTokens
from domains.identity.models import Profile, User
from kelmah.http.fields import MoneyField, NumberField, TextField, WholeNumberField
from kelmah.http.serializers import StrictSerializer


def _known_zone(name: str) -> None:
    if name not in available_timezones():
        raise serializers.ValidationError("This is not a time zone of the IANA database.", code="invalid_choice")


def _one_line(text: str) -> None:
    if not rules.is_plain(text):
        raise serializers.ValidationError("Without line breaks and hidden characters.", code="hidden_characters")


def _lines(text: str) -> None:
    if not rules.is_plain(text, lines=True):
        raise serializers.ValidationError("Without hidden characters.", code="hidden_characters")


# --- in ----------------------------------------------------------------------------------------------------------


class PasswordField(TextField):
    """As it is typed: nothing is trimmed. Longer than any password may be, so that the rule can say so."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, max_length=2 * rules.LONGEST, **options)


class RegisterIn(StrictSerializer):
    email = TextField(max_length=254, allow_blank=True, default="")
    phone = TextField(max_length=40, allow_blank=True, default="")
    password = PasswordField()
    role = serializers.ChoiceField(choices=rules.ROLES_TO_CHOOSE)
    display_name = TextField(max_length=2 * rules.LONGEST_NAME)
    locale = serializers.ChoiceField(choices=rules.LOCALES, default="en")
    zone = TextField(max_length=60, default=rules.HOME_ZONE, validators=[_known_zone])


class LoginIn(StrictSerializer):
    login = TextField(max_length=254)
    password = PasswordField()
    device_name = TextField(max_length=200, allow_blank=True, default="", validators=[_one_line])


class RefreshIn(StrictSerializer):
    refresh_token = TextField(max_length=200)


class SkillIn(StrictSerializer):
    skill_id = TextField(max_length=80, validators=[RegexValidator(rules.SKILL_ID, "Use the id of a skill.")])
    name = TextField(max_length=80, validators=[_one_line])
    level = WholeNumberField(min_value=rules.LEVELS[0], max_value=rules.LEVELS[1])
    years = WholeNumberField(min_value=0, max_value=rules.MOST_YEARS)

    def validate(self, attrs: dict[str, Any]) -> Any:
        return rules.Skill(**attrs)


class PlaceIn(StrictSerializer):
    name = TextField(max_length=rules.PLACE_LENGTH, validators=[_one_line])
    latitude = NumberField(min_value=-90, max_value=90)
    longitude = NumberField(min_value=-180, max_value=180)

    def validate(self, attrs: dict[str, Any]) -> Any:
        return rules.Place(**attrs)


class ProfileIn(StrictSerializer):
    """All parts may be left out. Not by ``partial``, which would let parts of a place or a skill be left out too."""

    display_name = TextField(max_length=2 * rules.LONGEST_NAME, required=False)
    locale = serializers.ChoiceField(choices=rules.LOCALES, required=False)
    zone = TextField(max_length=60, validators=[_known_zone], required=False)
    headline = TextField(max_length=rules.HEADLINE_LENGTH, allow_blank=True, validators=[_one_line], required=False)
    bio = TextField(max_length=rules.BIO_LENGTH, allow_blank=True, validators=[_lines], required=False)
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


# --- out ---------------------------------------------------------------------------------------------------------


class UserOut(serializers.Serializer):
    id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=rules.ROLES)
    display_name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)


class MeOut(UserOut):
    roles = serializers.ListField(child=serializers.CharField())
    locale = serializers.ChoiceField(choices=rules.LOCALES)
    zone = serializers.CharField()
    created_at = serializers.DateTimeField()


class TokensOut(serializers.Serializer):
    user = UserOut()
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds until the access token expires.")
    session_id = serializers.UUIDField()


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


# --- rendering ---------------------------------------------------------------------------------------------------


def render_user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "role": user.role,
        "display_name": user.display_name,
        "email": user.email,
        "phone": user.phone,
    }


def render_me(user: User, *, roles: list[str]) -> dict[str, Any]:
    more = {"roles": roles, "locale": user.locale, "zone": user.zone, "created_at": user.created_at}
    return render_user(user) | more


def render_tokens(tokens: IssuedTokens) -> dict[str, Any]:
    return {
        "user": render_user(tokens.user),
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "session_id": tokens.session_id,
    }


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
