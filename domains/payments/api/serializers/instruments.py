"""How people pay in and are paid out: one entry per provider in each of two registries.

An entry's fields are what the client sends beside ``type``; ``text`` makes of them what the adapter gets as the order's
instrument.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from domains.payments import rules
from domains.payments.gateways import names_offered
from domains.payments.rules.banking import LONGEST_NAME, BankAccount, problem_with
from kelmah.http.serializers import StrictSerializer, valid


@dataclass(frozen=True)
class Instrument:
    """What a client named: a provider, and what its adapter is to charge or to pay.

    ``saved``: it is the name of something that its owner left with the provider. ``hint``: by which its owner knows it
    again.
    """

    gateway: str
    text: str
    saved: bool = False
    hint: str = ""


class Entry(StrictSerializer):
    """Base of what one provider asks for. ``gateway`` is its name; of ``known_by`` the first that is given is the
    number by whose end people know it again."""

    gateway: ClassVar[str]
    known_by: ClassVar[tuple[str, ...]] = ("account", "iban", "phone", "email")

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"type": serializers.ChoiceField(choices=[self.gateway]), **super().get_fields()}

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        """The instrument as the adapter understands it."""
        raise NotImplementedError

    @classmethod
    def hint(cls, values: Mapping[str, Any]) -> str:
        """The end of its number."""
        return rules.hint_of(next((str(values[name]) for name in cls.known_by if name in values), cls.text(values)))


class SandboxToken(Entry):
    gateway = "sandbox"
    token = serializers.RegexField(r"^tok_[a-z0-9_]{1,40}$")

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        return str(values["token"])


class SandboxAccount(Entry):
    gateway = "sandbox"
    account = serializers.RegexField(r"^acct_[a-z0-9_]{1,40}$")

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        return str(values["account"])


class StripeMethod(Entry):
    gateway = "stripe"
    payment_method = serializers.RegexField(
        r"^pm_[A-Za-z0-9_]{1,120}$", help_text="What Stripe's library gave the app."
    )
    saved = serializers.BooleanField(default=False, help_text="It is one that I left with Stripe.")

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        return str(values["payment_method"])


class StripeAccount(Entry):
    gateway = "stripe"
    account = serializers.RegexField(r"^acct_[A-Za-z0-9]{1,60}$", help_text="The worker's connected account.")

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        return str(values["account"])


class MtnMomoPhone(Entry):
    gateway = "mtn_momo"
    phone = serializers.RegexField(r"^\+[1-9][0-9]{7,14}$", help_text="A number registered with MTN, as +233241234567.")

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        return str(values["phone"]).removeprefix("+")


class PaypalPayer(Entry):
    """PayPal asks the payer itself; an email that is given is filled in there."""

    gateway = "paypal"
    email = serializers.EmailField(max_length=200, required=False)

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        return f"checkout:{values.get('email', '')}"


class PaypalAccount(Entry):
    gateway = "paypal"
    email = serializers.EmailField(max_length=127, required=False)
    account = serializers.RegexField(
        r"^[A-Z0-9]{13}$", required=False, help_text="The PayPal ID of the account, where the email may change."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("email" in attrs) == ("account" in attrs):
            raise serializers.ValidationError({"email": [_("Either an email or an account, not both.")]})
        return attrs

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        return f"paypal_id:{values['account']}" if "account" in values else f"email:{values['email']}"


class PaystackPayer(Entry):
    """With a wallet the payer approves on the phone; without one its checkout asks how to pay."""

    gateway = "paystack"
    email = serializers.EmailField(max_length=200)
    wallet = serializers.ChoiceField(choices=["mtn", "atl"], required=False)
    phone = serializers.RegexField(r"^0[0-9]{9}$", required=False, help_text="As the network writes it: 0551234987.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("wallet" in attrs) != ("phone" in attrs):
            missing = "phone" if "wallet" in attrs else "wallet"
            raise serializers.ValidationError({missing: [_("A wallet is a network and a number.")]})
        return attrs

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        if "wallet" not in values:
            return f"checkout:{values['email']}"
        return f"mobile_money:{values['wallet']}:{values['phone']}:{values['email']}"


class PaystackAccount(Entry):
    gateway = "paystack"
    kind = serializers.ChoiceField(choices=["mobile_money", "ghipss", "nuban"])
    bank = serializers.RegexField(r"^[A-Z0-9]{2,12}$", help_text="Paystack's code of the bank or network: MTN, 058.")
    account = serializers.RegexField(r"^[0-9]{6,20}$")
    holder = serializers.CharField(max_length=100)

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        return f"{values['kind']}:{values['holder']}:{values['bank']}:{values['account']}"


class TelecelCashPhone(Entry):
    gateway = "telecel_cash"
    phone = serializers.RegexField(r"^\+233[0-9]{9}$", help_text="A number of Ghana, as +233201234567.")

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        return str(values["phone"]).removeprefix("+")


class AirtelTigoMoneyPhone(TelecelCashPhone):
    gateway = "airteltigo_money"


class EasebuzzPayer(Entry):
    """Whoever pays, as its page shows them; card, bank and UPI are asked for there."""

    gateway = "easebuzz"
    known_by = ("phone",)
    phone = serializers.RegexField(r"^\+91[6-9][0-9]{9}$", help_text="A number of India, as +919876543210.")
    name = serializers.RegexField(r"^[A-Za-z][A-Za-z .]{0,49}$", help_text="In Latin letters.")
    # A bar would move the fields that the provider signs.
    email = serializers.EmailField(max_length=100, validators=[RegexValidator(r"^[^|]+$")])

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        return f"{values['phone'].removeprefix('+91')}:{values['name']}:{values['email']}"


class BankAccountEntry(Entry):
    gateway = "bank"
    bank = serializers.RegexField(r"^[A-Z0-9]{4,12}$", help_text="A BIC, or the sort code of a branch.")
    account = serializers.RegexField(r"^[A-Z0-9]{4,34}$", help_text="An IBAN, or the number of the account.")
    holder = serializers.CharField(max_length=LONGEST_NAME, help_text="In whose name the account is.")

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if problem := problem_with(_account(values)):
            fields = {"number": "account"}
            raise serializers.ValidationError({fields.get(problem, problem): ["No bank could pay to this."]})
        return values

    @staticmethod
    def text(values: Mapping[str, Any]) -> str:
        return _account(values).as_text()


def _account(values: Mapping[str, Any]) -> BankAccount:
    return BankAccount(bank=values["bank"], number=values["account"], holder=values["holder"])


_METHODS = (
    SandboxToken,
    StripeMethod,
    MtnMomoPhone,
    PaypalPayer,
    PaystackPayer,
    TelecelCashPhone,
    AirtelTigoMoneyPhone,
    EasebuzzPayer,
)
_DESTINATIONS = (
    SandboxAccount,
    StripeAccount,
    MtnMomoPhone,
    PaypalAccount,
    PaystackAccount,
    TelecelCashPhone,
    AirtelTigoMoneyPhone,
    BankAccountEntry,
)
METHODS: Final[Mapping[str, type[Entry]]] = {entry.gateway: entry for entry in _METHODS}
DESTINATIONS: Final[Mapping[str, type[Entry]]] = {entry.gateway: entry for entry in _DESTINATIONS}


class InstrumentField(serializers.Field):
    """One of a registry's entries, chosen by ``type``; its value is an ``Instrument``."""

    registry: ClassVar[Mapping[str, type[Entry]]]
    default_error_messages = {"invalid": "Expected an object."}

    def to_internal_value(self, data: Any) -> Instrument:
        if not isinstance(data, Mapping):
            self.fail("invalid")
        entry = self.registry.get(kind) if isinstance(kind := data.get("type"), str) else None
        if entry is None:
            missing = "type" not in data
            offered = ", ".join(name for name in names_offered() if name in self.registry)
            told = _("Name a payment provider that is offered here: {names}.").format(names=offered)
            code = "required" if missing else "invalid_choice"
            raise serializers.ValidationError({"type": [serializers.ErrorDetail(told, code=code)]})
        values = valid(entry, data)
        return Instrument(
            gateway=entry.gateway,
            text=entry.text(values),
            saved=bool(values.get("saved")),
            hint=entry.hint(values),
        )


def _one_of(name: str, registry: Mapping[str, type[Entry]]) -> PolymorphicProxySerializer:
    return PolymorphicProxySerializer(
        component_name=name, serializers=dict(registry), resource_type_field_name="type", many=False
    )


@extend_schema_field(_one_of("DepositMethod", METHODS))
class MethodField(InstrumentField):
    registry = METHODS


@extend_schema_field(_one_of("PayoutDestination", DESTINATIONS))
class DestinationField(InstrumentField):
    registry = DESTINATIONS
