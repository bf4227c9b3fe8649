"""drf-spectacular's settings."""

from typing import Any

_FIELD_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["pointer", "code", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON pointer into the body; of a query, / and the parameter."},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "/problems/ and the code."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable: switch on this."},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": _FIELD_PROBLEM},
        "data": {"type": "object", "additionalProperties": True},
    },
}
_TOTAL: dict[str, Any] = {
    "type": "object",
    "description": "Counted up to 1,000; in lists that count.",
    "required": ["value", "relation"],
    "properties": {"value": {"type": "integer"}, "relation": {"type": "string", "enum": ["eq", "gte"]}},
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Kelmah",
    "DESCRIPTION": (
        "Jobs, contracts, escrow, messages and reviews. Times are RFC 3339 in UTC, money is an integer number of minor "
        "units with its ISO 4217 currency, every refusal is problem details (RFC 9457) with a stable `code`."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["kelmah.http.permissions.Anyone"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # What is written and what is read differ: required fields, limits, unknown members.
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_NO_READ_ONLY_REQUIRED": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "APPEND_COMPONENTS": {"schemas": {"Problem": _PROBLEM, "Total": _TOTAL}},
    "POSTPROCESSING_HOOKS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "displayOperationId": True, "validatorUrl": None},
    "DISABLE_ERRORS_AND_WARNINGS": False,
}
