"""JSON of settings, in and out."""

import re
from datetime import time
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from domains.identity import rules
from domains.identity.api.serializers.fields import known_zone
from domains.identity.models import Settings
from domains.identity.queries.settings import wishes_of
from domains.identity.rules import settings as said
from kelmah.http.fields import SwitchField, TextField
from kelmah.http.serializers import StrictSerializer

_TIME_OF_DAY: Final = "^([01][0-9]|2[0-3]):[0-5][0-9]$"


@extend_schema_field({"type": "string", "pattern": _TIME_OF_DAY})
class TimeOfDayField(serializers.Field):
    """``HH:MM``."""

    default_error_messages = {"invalid": "Write it as 21:30."}

    def to_internal_value(self, data: Any) -> time:
        if not isinstance(data, str) or not re.fullmatch(_TIME_OF_DAY, data):
            self.fail("invalid")
        return time.fromisoformat(data)


class PrivacyIn(StrictSerializer):
    profile = serializers.ChoiceField(choices=said.AUDIENCES, required=False, help_text="Who sees my profile.")
    place = serializers.ChoiceField(
        choices=sorted(said.PLACES), required=False, help_text="How exactly my place is told."
    )
    in_search = SwitchField(required=False, help_text="Whether the directory lists me.")


class QuietHoursIn(StrictSerializer):
    starts = TimeOfDayField()
    ends = TimeOfDayField(help_text="May be on the next day.")

    def validate(self, attrs: dict[str, Any]) -> Any:
        return attrs["starts"], attrs["ends"]


class _Channels(serializers.ListField):
    def __init__(self) -> None:
        super().__init__(
            child=serializers.ChoiceField(choices=said.CHANNELS), max_length=len(said.CHANNELS), required=False
        )


class ChannelsIn(StrictSerializer):
    """For each topic the ways by which I am told outside the app; what isn't named stays."""

    jobs = _Channels()
    contracts = _Channels()
    money = _Channels()
    reviews = _Channels()
    account = _Channels()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {topic: [channel for channel in said.CHANNELS if channel in wanted] for topic, wanted in attrs.items()}


class SettingsIn(StrictSerializer):
    """All parts may be left out."""

    language = serializers.ChoiceField(choices=rules.LOCALES, required=False)
    zone = TextField(max_length=60, validators=[known_zone], required=False)
    privacy = PrivacyIn(required=False)
    quiet_hours = QuietHoursIn(allow_null=True, required=False, help_text="In my zone; null for none.")
    channels = ChannelsIn(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        privacy = attrs.pop("privacy", {})
        names = {"profile": "profile_to", "place": "place_shown", "in_search": "in_search"}
        return attrs | {names[name]: value for name, value in privacy.items()}


class PrivacyOut(serializers.Serializer):
    profile = serializers.ChoiceField(choices=said.AUDIENCES)
    place = serializers.ChoiceField(choices=sorted(said.PLACES))
    in_search = serializers.BooleanField()


class QuietHoursOut(serializers.Serializer):
    starts = serializers.CharField()
    ends = serializers.CharField()


class SettingsOut(serializers.Serializer):
    language = serializers.ChoiceField(choices=rules.LOCALES)
    zone = serializers.CharField()
    privacy = PrivacyOut()
    quiet_hours = QuietHoursOut(allow_null=True)
    channels = serializers.DictField(child=serializers.ListField(child=serializers.ChoiceField(choices=said.CHANNELS)))
    version = serializers.IntegerField()


def render_settings(settings: Settings) -> dict[str, Any]:
    wishes = wishes_of(settings)
    quiet = wishes.quiet_hours
    return {
        "language": wishes.language,
        "zone": wishes.zone,
        "privacy": {"profile": wishes.profile_to, "place": wishes.place_shown, "in_search": wishes.in_search},
        "quiet_hours": {"starts": f"{quiet[0]:%H:%M}", "ends": f"{quiet[1]:%H:%M}"} if quiet else None,
        "channels": wishes.channels,
        "version": settings.version,
    }
