"""JSON of passwords and addresses, as their owners change them."""

from rest_framework import serializers

from domains.identity.api.serializers.fields import PasswordField
from domains.identity.api.serializers.secrets import AwaitedOut, SecretField
from kelmah.http.fields import TextField, UUIDField
from kelmah.http.serializers import StrictSerializer


class ForgottenIn(StrictSerializer):
    email = TextField(max_length=254, allow_blank=True, default="", help_text="This, or a phone number.")
    phone = TextField(max_length=40, allow_blank=True, default="")


class ResetOut(AwaitedOut):
    reset_id = serializers.UUIDField()


class ResetIn(StrictSerializer):
    reset_id = UUIDField()
    secret = SecretField()
    password = PasswordField()


class NewPasswordIn(StrictSerializer):
    current_password = PasswordField()
    password = PasswordField()


class EmailIn(StrictSerializer):
    email = TextField(max_length=254)


class PhoneIn(StrictSerializer):
    phone = TextField(max_length=40)


class ChangeOut(AwaitedOut):
    change_id = serializers.UUIDField()


class ConfirmChangeIn(StrictSerializer):
    change_id = UUIDField()
    secret = SecretField()


class UndoIn(StrictSerializer):
    undo_id = UUIDField()
    secret = SecretField()


class UnlockIn(StrictSerializer):
    unlock_id = UUIDField()
    secret = SecretField()
