"""REST framework's settings, for ``config.settings.base``."""

from typing import Any

from kelmah.http.openapi_settings import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["kelmah.http.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["kelmah.http.permissions.Nobody"],
    "DEFAULT_RENDERER_CLASSES": ["kelmah.http.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["kelmah.http.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "kelmah.http.openapi.OperationSchema",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_VERSIONING_CLASS": None,
    "EXCEPTION_HANDLER": "kelmah.http.problems.answer_exception",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "URL_FORMAT_OVERRIDE": None,
    "FORMAT_SUFFIX_KWARG": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["kelmah.http.renderers.JSONRenderer"],
}
