"""JSON of identity, in and out."""

from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from rest_framework import serializers

from domains.identity import rules
from domains.identity.actions import IssuedTokens
from domains.identity.models import Profile, User
from kelmah.http.fields import MoneyField
from kelmah.http.serializers import StrictSerializer

LANGUAGES = [code for code, _ in settings.LANGUAGES]


def _known_zone(name: str) -> None:
    if name not in available_timezones():
        raise serializers.ValidationError("This is not a time zone of the IANA database.", code="invalid_choice")


# --- in ----------------------------------------------------------------------------------------------------------


class RegisterIn(StrictSerializer):
    email = serializers.CharField(max_length=254, allow_blank=True, default="")
    phone = serializers.CharField(max_length=40, allow_blank=True, default="")
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    role = serializers.ChoiceField(choices=rules.ROLES_TO_CHOOSE)
    display_name = serializers.CharField(min_length=2, max_length=80)
    locale = serializers.ChoiceField(choices=LANGUAGES, default="en")
    zone = serializers.CharField(max_length=60, default="Africa/Accra", validators=[_known_zone])


class LoginIn(StrictSerializer):
    login = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    device_name = serializers.CharField(max_length=200, allow_blank=True, default="")


class RefreshIn(StrictSerializer):
    refresh_token = serializers.CharField(max_length=200)


class SkillIn(StrictSerializer):
    skill_id = serializers.RegexField(r"^[A-Za-z0-9._-]{1,100}$")
    name = serializers.CharField(min_length=1, max_length=120)
    level = serializers.IntegerField(min_value=1, max_value=5)
    years = serializers.IntegerField(min_value=0, max_value=60)


class PlaceIn(StrictSerializer):
    name = serializers.CharField(max_length=120)
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)


class ProfileIn(StrictSerializer):
    display_name = serializers.CharField(min_length=2, max_length=80, required=False)
    headline = serializers.CharField(max_length=120, allow_blank=True, required=False)
    bio = serializers.CharField(max_length=5000, allow_blank=True, required=False)
    skills = serializers.ListField(child=SkillIn(), max_length=50, required=False)
    place = PlaceIn(required=False, allow_null=True)
    radius_km = serializers.IntegerField(min_value=1, max_value=500, required=False, allow_null=True)
    rate = MoneyField(required=False, allow_null=True)
    languages = serializers.ListField(child=serializers.RegexField(r"^[a-z]{2,3}$"), max_length=20, required=False)

    def validate_skills(self, skills: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ids = [skill["skill_id"] for skill in skills]
        if len(set(ids)) != len(ids):
            raise serializers.ValidationError("Name each skill once.", code="not_unique")
        return skills


# --- out ---------------------------------------------------------------------------------------------------------


class UserOut(serializers.Serializer):
    id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=["worker", "hirer", "staff"])
    display_name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)


class MeOut(UserOut):
    roles = serializers.ListField(child=serializers.CharField())
    locale = serializers.CharField()
    zone = serializers.CharField()
    created_at = serializers.DateTimeField()


class TokensOut(serializers.Serializer):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds until the access token expires.")
    session_id = serializers.UUIDField()


class LoginOut(TokensOut):
    user = UserOut()


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
    role = serializers.ChoiceField(choices=["worker", "hirer"])
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
    missing = serializers.ListField(child=serializers.CharField())


class MyProfileOut(ProfileOut):
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


def render_me(user: User) -> dict[str, Any]:
    more = {"roles": user.roles, "locale": user.locale, "zone": user.zone, "created_at": user.created_at}
    return render_user(user) | more


def render_tokens(tokens: IssuedTokens) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "session_id": tokens.session_id,
    }


def render_profile(profile: Profile) -> dict[str, Any]:
    """What everybody may see: no address, no phone, no e-mail; the place only by name and to about a kilometre."""
    place = None
    if profile.latitude is not None and profile.longitude is not None:
        place = {
            "name": profile.place_name,
            "latitude": round(profile.latitude, 2),
            "longitude": round(profile.longitude, 2),
        }
    return {
        "user_id": profile.user_id,
        "display_name": profile.user.display_name,
        "role": profile.user.role,
        "headline": profile.headline,
        "bio": profile.bio,
        "skills": [
            {"skill_id": skill.skill_id, "name": skill.name, "level": skill.level, "years": skill.years}
            for skill in sorted(profile.skills.all(), key=lambda skill: (-skill.level, skill.name))
        ],
        "place": place,
        "radius_km": profile.radius_km,
        "rate": profile.rate.as_json() if profile.rate else None,
        "languages": profile.languages,
        "reputation": {"stars": _stars(profile.stars), "reviews": profile.reviews},
    }


def render_my_profile(profile: Profile) -> dict[str, Any]:
    """What its owner sees: the exact place, and what is missing."""
    percent, missing = profile.completeness(list(profile.skills.all()))
    own = {"version": profile.version, "completeness": {"percent": percent, "missing": missing}}
    if profile.latitude is not None:
        own["place"] = {"name": profile.place_name, "latitude": profile.latitude, "longitude": profile.longitude}
    return render_profile(profile) | own


def _stars(hundredths: int | None) -> str | None:
    return None if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02}"
