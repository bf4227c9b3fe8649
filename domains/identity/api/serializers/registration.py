"""JSON of signing up."""

from rest_framework import serializers

from domains.identity import rules
from domains.identity.api.serializers.fields import PasswordField, known_zone, one_line
from domains.identity.api.serializers.secrets import AwaitedOut, SecretField
from kelmah.http.fields import TextField, UUIDField
from kelmah.http.serializers import StrictSerializer


class RegisterIn(StrictSerializer):
    email = TextField(max_length=254, allow_blank=True, default="", help_text="This, or a phone number.")
    phone = TextField(max_length=40, allow_blank=True, default="")
    password = PasswordField()
    role = serializers.ChoiceField(choices=rules.ROLES_TO_CHOOSE)
    display_name = TextField(max_length=2 * rules.LONGEST_NAME)
    locale = serializers.ChoiceField(choices=rules.LOCALES, default="en")
    zone = TextField(max_length=60, default=rules.HOME_ZONE, validators=[known_zone])


class RegistrationIn(StrictSerializer):
    registration_id = UUIDField()


class ConfirmRegistrationIn(RegistrationIn):
    secret = SecretField()
    device_name = TextField(max_length=200, allow_blank=True, default="", validators=[one_line])


class RegistrationOut(AwaitedOut):
    registration_id = serializers.UUIDField()
