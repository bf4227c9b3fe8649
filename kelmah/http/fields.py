"""Strict input fields: a JSON type is taken for what it is, never converted from another."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from kelmah.money import EXPONENTS, Money

# Far beyond any real amount, and far below what 64 bits hold: sums of many still fit.
MAX_MINOR = 10**15
_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class TextField(serializers.CharField):
    """A JSON string; trimmed; without null characters."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeNumberField(serializers.IntegerField):
    """A JSON integer: not ``"3"``, not ``3.0``, not ``true``."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class NumberField(serializers.FloatField):
    """A JSON number, so never NaN or infinite; not ``"3.5"``, not ``true``."""

    def to_internal_value(self, data: Any) -> float:
        if not isinstance(data, int | float) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class SwitchField(serializers.BooleanField):
    """JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class UUIDField(serializers.UUIDField):
    """A UUID in its one canonical form, with hyphens."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not _CANONICAL_UUID.fullmatch(data):
            self.fail("invalid", value=data)
        return UUID(data)


class MomentField(serializers.DateTimeField):
    """An RFC 3339 time; without an offset it is refused, since nobody knows which moment is meant."""

    default_error_messages = {"zone_missing": "Give the offset too, as in 2026-05-01T09:00:00Z."}

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            self.fail("invalid", format="RFC 3339")
        try:
            if datetime.fromisoformat(value).tzinfo is None:
                self.fail("zone_missing")
        except ValueError:
            self.fail("invalid", format="RFC 3339")
        return super().to_internal_value(value)


@extend_schema_serializer(component_name="Money")
class MoneyShape(serializers.Serializer):
    amount = serializers.IntegerField(
        min_value=-MAX_MINOR, max_value=MAX_MINOR, help_text="Minor units: 12500 is 125.00 GHS."
    )
    currency = serializers.ChoiceField(choices=sorted(EXPONENTS), help_text="ISO 4217.")


@extend_schema_field(MoneyShape)
class MoneyField(serializers.Field):
    """``{"amount": 12500, "currency": "GHS"}`` as ``Money``. Limits are in minor units, ends included; by default any
    positive amount."""

    default_error_messages = {
        "invalid": 'Money is {{"amount": <whole minor units>, "currency": "<ISO 4217>"}}.',
        "required": "This field is required.",
        "unknown_field": "Money has only amount and currency.",
        "amount_invalid": "The amount is a whole number of minor units: 12500 is 125.00 GHS.",
        "unknown_currency": "This currency is not supported here: {known}.",
        "too_small": "The amount is at least {limit}.",
        "too_large": "The amount is at most {limit}.",
    }

    def __init__(
        self,
        *,
        min_amount: int = 1,
        max_amount: int = MAX_MINOR,
        currencies: Collection[str] = tuple(EXPONENTS),
        **options: Any,
    ) -> None:
        self.min_amount, self.max_amount, self.currencies = min_amount, max_amount, frozenset(currencies)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Money:
        if not isinstance(data, dict):
            self.fail("invalid")
        problems = {name: [self._error("unknown_field")] for name in data if name not in ("amount", "currency")}
        for name, code in (("amount", self._wrong_amount(data)), ("currency", self._wrong_currency(data))):
            if code:
                problems[name] = [self._error(code)]
        if problems:
            raise serializers.ValidationError(problems)
        return Money(data["amount"], data["currency"])

    def to_representation(self, value: Money) -> dict[str, Any]:
        return value.as_json()

    def _wrong_amount(self, data: dict[str, Any]) -> str | None:
        amount = data.get("amount")
        if "amount" not in data:
            return "required"
        if not isinstance(amount, int) or isinstance(amount, bool):
            return "amount_invalid"
        if amount < self.min_amount:
            return "too_small"
        return "too_large" if amount > self.max_amount else None

    def _wrong_currency(self, data: dict[str, Any]) -> str | None:
        if "currency" not in data:
            return "required"
        currency = data["currency"]
        return None if isinstance(currency, str) and currency in self.currencies else "unknown_currency"

    def _error(self, code: str) -> serializers.ErrorDetail:
        known = ", ".join(sorted(self.currencies))
        limit = self.min_amount if code == "too_small" else self.max_amount
        return serializers.ErrorDetail(self.error_messages[code].format(limit=limit, known=known), code=code)
