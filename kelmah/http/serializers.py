"""Input that holds what was asked for and nothing else."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.core.validators import MaxLengthValidator
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from kelmah.http.cursors import DEFAULT_LIMIT, MAX_LIMIT

# What a field may hold when its serializer doesn't say.
TEXT_LENGTH = 2_000
LIST_LENGTH = 1_000

_UNKNOWN = ErrorDetail("This field does not exist.", code="unknown_field")


class StrictSerializer(serializers.Serializer):
    """Base of every input: an unknown field is refused by name, texts and lists without a limit get one."""

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        for field in fields.values():
            _bound(field)
        return fields

    def to_internal_value(self, data: Any) -> Any:
        unknown = self._unknown(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                raise ValidationError({**error.detail, **unknown}) from None
            raise
        if unknown:
            raise ValidationError(unknown)
        return value

    def _unknown(self, data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
        known = {name for name, field in self.fields.items() if not field.read_only}
        return {str(name): [_UNKNOWN] for name in data if name not in known}


class PageQuery(StrictSerializer):
    """Base of a list's query parameters: ``cursor`` and ``limit`` are read by ``keyset_page`` itself."""

    cursor = serializers.CharField(required=False, help_text="From the previous page's next.")
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)


def valid(serializer: type[serializers.Serializer], data: Any, **options: Any) -> dict[str, Any]:
    """The validated values of a body (``request.data``) or a query (``request.query_params``).

    Raises REST framework's ValidationError, which becomes a problem with a JSON pointer for each field.
    """
    checked = serializer(**options) if options else _prepared(serializer)
    return dict(checked.run_validation(_plain(checked, data) if isinstance(data, QueryDict) else data))


@cache
def _prepared(serializer: type[serializers.Serializer]) -> serializers.Serializer:
    """One instance for all requests: REST framework copies every field for every instance, and validating changes
    nothing in them."""
    return serializer()


def _plain(serializer: serializers.Serializer, data: QueryDict) -> dict[str, Any]:
    """A form as plain values. REST framework would read an absent name in a QueryDict as an unticked box."""
    many = (serializers.ListField, serializers.MultipleChoiceField)
    return {
        name: values if isinstance(serializer.fields.get(name), many) else values[-1] for name, values in data.lists()
    }


def _bound(field: serializers.Field) -> None:
    if isinstance(field, serializers.CharField) and field.max_length is None:
        field.max_length = TEXT_LENGTH
        field.validators.append(MaxLengthValidator(TEXT_LENGTH))
    elif isinstance(field, serializers.ListField) and field.max_length is None:
        field.max_length = LIST_LENGTH
        field.validators.append(MaxLengthValidator(LIST_LENGTH))
        _bound(field.child)
    elif isinstance(field, serializers.ListSerializer) and getattr(field, "max_length", None) is None:
        field.max_length = LIST_LENGTH  # type: ignore[attr-defined]  # missing in the stubs
