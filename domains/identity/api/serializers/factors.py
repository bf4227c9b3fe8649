"""JSON of second factors, in and out."""

from typing import Any

from rest_framework import serializers

from domains.identity.actions.factors import Added
from domains.identity.api.serializers.fields import PasswordField, one_line
from domains.identity.models import Factor, FactorReset
from domains.identity.rules.factor_resets import LIVING
from domains.identity.rules.factors import KINDS, LONGEST_FACTOR_NAME, Proof
from kelmah.errors import FieldError, InvalidInput
from kelmah.http.fields import TextField
from kelmah.http.serializers import StrictSerializer

_PASSKEY_HELP = "What navigator.credentials gave, as JSON: credential.toJSON()."


class TotpIn(StrictSerializer):
    name = TextField(max_length=LONGEST_FACTOR_NAME, allow_blank=True, default="", validators=[one_line])


class TotpCodeIn(StrictSerializer):
    code = TextField(max_length=20)


class PasskeyIn(StrictSerializer):
    credential = serializers.DictField(help_text=_PASSKEY_HELP)
    name = TextField(max_length=LONGEST_FACTOR_NAME, allow_blank=True, default="", validators=[one_line])


class NameIn(StrictSerializer):
    name = TextField(max_length=LONGEST_FACTOR_NAME, validators=[one_line])


class _ProofIn(StrictSerializer):
    """Exactly one of these."""

    totp = TextField(max_length=20, required=False)
    recovery_code = TextField(max_length=40, required=False)
    passkey = serializers.DictField(required=False, help_text=_PASSKEY_HELP)


class StepUpIn(_ProofIn):
    password = PasswordField(required=False)


class SecondFactorIn(_ProofIn):
    login_token = TextField(max_length=100)
    device_name = TextField(max_length=200, allow_blank=True, default="", validators=[one_line])


class PasskeyLoginIn(StrictSerializer):
    credential = serializers.DictField(help_text=_PASSKEY_HELP)
    device_name = TextField(max_length=200, allow_blank=True, default="", validators=[one_line])


class FactorResetIn(StrictSerializer):
    login_token = TextField(max_length=100)


class FactorResetOut(serializers.Serializer):
    state = serializers.ChoiceField(choices=LIVING)
    asked_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="When the factors go, once two of staff agreed.")


class FactorOut(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS)
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    is_synced = serializers.BooleanField(help_text="A passkey that its owner's other devices have, too.")


class FactorsOut(serializers.Serializer):
    items = FactorOut(many=True)
    recovery_codes_left = serializers.IntegerField()
    is_required = serializers.BooleanField(help_text="One of your roles needs a second factor.")


class EnrolmentOut(serializers.Serializer):
    id = serializers.UUIDField()
    secret = serializers.CharField(help_text="To type into the app. Shown once.")
    uri = serializers.CharField(help_text="To show as a QR code. Shown once.")
    expires_in = serializers.IntegerField(help_text="Seconds until it must be confirmed.")


class AddedOut(serializers.Serializer):
    factor = FactorOut()
    recovery_codes = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="With the first factor; shown once."
    )


class CodesOut(serializers.Serializer):
    recovery_codes = serializers.ListField(child=serializers.CharField(), help_text="Shown once.")


class OptionsOut(serializers.Serializer):
    options = serializers.DictField(help_text="For navigator.credentials, as publicKey.")


class SteppedUpOut(serializers.Serializer):
    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds until the access token expires.")
    fresh_at = serializers.DateTimeField()


def proof_in(values: dict[str, Any]) -> Proof:
    """The one proof among the values, taken out of them. Raises InvalidInput for none and for several."""
    kinds = [kind for kind in ("password", "totp", "recovery_code", "passkey") if kind in values]
    if len(kinds) != 1:
        detail = "Send exactly one proof."
        raise InvalidInput(errors=[FieldError(f"/{kind}", "one_proof", detail) for kind in kinds or ["totp"]])
    return Proof(kind=kinds[0], value=values.pop(kinds[0]))


def render_factor(factor: Factor) -> dict[str, Any]:
    return {
        "id": factor.id,
        "kind": factor.kind,
        "name": factor.name,
        "created_at": factor.created_at,
        "last_used_at": factor.last_used_at,
        "is_synced": factor.is_synced,
    }


def render_added(added: Added) -> dict[str, Any]:
    return {"factor": render_factor(added.factor), "recovery_codes": added.recovery_codes}


def render_reset(reset: FactorReset) -> dict[str, Any]:
    return {"state": reset.state, "asked_at": reset.asked_at, "due_at": reset.due_at}
