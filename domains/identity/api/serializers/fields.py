"""Fields and checks that several requests share."""

from typing import Any
from zoneinfo import available_timezones

from rest_framework import serializers

from domains.identity import rules
from kelmah.http.fields import TextField


def known_zone(name: str) -> None:
    if name not in available_timezones():
        raise serializers.ValidationError("This is not a time zone of the IANA database.", code="invalid_choice")


def one_line(text: str) -> None:
    if not rules.is_plain(text):
        raise serializers.ValidationError("Without line breaks and hidden characters.", code="hidden_characters")


def lines(text: str) -> None:
    if not rules.is_plain(text, lines=True):
        raise serializers.ValidationError("Without hidden characters.", code="hidden_characters")


class PasswordField(TextField):
    """As it is typed: nothing is trimmed. Longer than any password may be, so that the rule can say so."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, max_length=2 * rules.LONGEST, **options)
