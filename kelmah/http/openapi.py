"""From ``@operation`` to OpenAPI 3.1: parameters, bodies, and every refusal that is possible, each with its code."""

import inspect
import re
from collections.abc import Iterator
from typing import Any, Literal, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from kelmah.errors import DomainError, NotFound, Unauthenticated
from kelmah.http import errors
from kelmah.http.permissions import Anyone, RightPermission, RolePermission
from kelmah.http.schema import Operation, operation_of
from kelmah.http.serializers import StrictSerializer
from kelmah.http.views import View

Direction = Literal["request", "response"]
PROBLEM = "application/problem+json"


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular's registry
    target_class = "kelmah.http.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class OperationSchema(AutoSchema):
    """``DEFAULT_SCHEMA_CLASS``."""

    @property
    def resource(self) -> View:
        """The view being described; other views are excluded."""
        return cast(View, self.view)

    @property
    def said(self) -> Operation:
        """What the method says about itself; a method without ``@operation`` has only its name."""
        method = getattr(self.resource, self.method.lower())
        return operation_of(method) or _unsaid(method)

    def is_excluded(self) -> bool:
        return not isinstance(self.view, View)

    def get_operation_id(self) -> str:
        noun = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self.resource).__name__.removesuffix("View")).lower()
        return self.said.name or "_".join(filter(None, (self.resource.domain(), self.method.lower(), noun)))

    def get_summary(self) -> str:
        return self.said.summary

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular overrides it
        return self.said.description

    def get_tags(self) -> list[str]:
        return [self.resource.domain() or "kernel"]

    def is_deprecated(self) -> bool:
        return self.said.deprecated

    def get_auth(self) -> list[dict[str, Any]]:
        required: list[dict[str, Any]] = super().get_auth()
        return [{}, *required] if self._is_public() else required

    def get_override_parameters(self) -> list[Any]:
        return [*([self.said.query] if self.said.query else []), *self._headers_and_switches()]

    def get_request_serializer(self) -> Any:
        return self.said.request

    def get_response_serializers(self) -> Any:
        answers = self._successes()
        by_status: dict[int, list[type[DomainError]]] = {}
        for error in dict.fromkeys(self._possible_errors()):
            by_status.setdefault(error.status, []).append(error)
        for status in sorted(by_status):
            answers[status, PROBLEM] = _refusals(by_status[status])
        return answers

    def _successes(self) -> dict[Any, Any]:
        said = self.said
        if isinstance(said.response, dict):  # by media type, as for requests
            forms = said.response.items()
            return {(said.status, kind): OpenApiResponse(form, description=said.summary) for kind, form in forms}
        body = self._page_of(said.response) if said.page else said.response
        return {said.status: OpenApiResponse(body, description=said.summary)}

    def get_examples(self) -> list[OpenApiExample]:
        said = self.said
        requests = [
            OpenApiExample(e.name, e.request, request_only=True) for e in said.examples if e.request is not None
        ]
        return requests + [
            OpenApiExample(e.name, e.response, response_only=True, status_codes=[str(said.status)])
            for e in said.examples
            if e.response is not None
        ]

    def get_serializer_name(self, serializer: Any, direction: Direction) -> str:
        """Two domains may each have a ``JobSerializer``: the domain's name goes in front."""
        module = type(serializer).__module__.split(".")
        owner = module[1].title() if module[0] == "domains" else ""
        return owner + str(super().get_serializer_name(serializer, direction))

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False  # a list says so itself: ``page``, or many=True

    def _map_serializer(self, serializer: Any, direction: Direction, bypass_extensions: bool = False) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_serializer(serializer, direction, bypass_extensions)  # type: ignore[no-untyped-call]  # untyped
        if direction == "request" and _is_strict(serializer):
            schema["additionalProperties"] = False
        return schema

    def _is_public(self) -> bool:
        return any(isinstance(each, Anyone) for each in self.resource.get_permissions())

    def _keeps_keys(self) -> bool:
        return self.method == "POST" and self.resource.domain_of_effects() is not None

    def _headers_and_switches(self) -> Iterator[OpenApiParameter]:
        said: Operation = self.said
        header: Literal["header"] = "header"
        if self._keeps_keys():
            key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"}
            yield OpenApiParameter(
                "Idempotency-Key", key, header, required=self.resource.idempotency_required,
                description="A fresh random text per intent; repeat it to repeat the request safely for 30 days.",
            )  # fmt: skip
        if said.if_match:
            tag = {"type": "string", "pattern": '^"(0|[1-9][0-9]{0,8})"$'}
            yield OpenApiParameter("If-Match", tag, header, required=True, description="The ETag you last saw.")
        if said.dry_run:
            yield OpenApiParameter(
                "dry_run", bool, description="true: run all checks, answer as if it were done, write nothing."
            )
        if said.etag:
            yield OpenApiParameter("ETag", str, header, response=[said.status], description="The version, quoted.")
        if said.page:
            yield OpenApiParameter("Link", str, header, response=[said.status], description='rel="next", if any.')

    def _possible_errors(self) -> Iterator[type[DomainError]]:
        said = self.said
        yield from said.errors
        yield from errors.ALWAYS
        if not self._is_public():
            yield Unauthenticated
        if self.resource.authentication_classes and not self.resource.open_to_limited_sessions:
            yield errors.EnrolmentRequired
        if self.resource.needs_fresh_proof and self.method not in ("GET", "HEAD", "OPTIONS"):
            yield errors.StepUpRequired
        if self.resource.authentication_classes:
            scope = self.resource.key_scope_of(self.method)
            yield errors.ScopeMissing if scope else errors.KeyNotAllowed
        if self.resource.authentication_classes and self.resource.refuses_impersonation_of(self.method):
            yield errors.ImpersonationRefused
        if any(isinstance(each, RolePermission) for each in self.resource.get_permissions()):
            yield errors.WrongRole
        if any(isinstance(each, RightPermission) for each in self.resource.get_permissions()):
            yield errors.Restricted
        if "{" in self.path:
            yield NotFound
        if said.page:
            yield errors.CursorInvalid
        if said.request is not None:
            yield from errors.WITH_BODY
        if said.if_match:
            yield from (*errors.WITH_IF_MATCH, errors.IfMatchMalformed)
        if self._keeps_keys():
            yield from errors.WITH_IDEMPOTENCY
        if self._keeps_keys() and self.resource.idempotency_required:
            yield errors.IdempotencyKeyRequired

    def _page_of(self, item: Any) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": self.resolve_serializer(item, "response").ref},
                "next": {"type": ["string", "null"], "description": "The cursor of the next page; null on the last."},
                "total": {"$ref": "#/components/schemas/Total"},
            },
        }


def _is_strict(serializer: Any) -> bool:
    return isinstance(serializer, StrictSerializer) or (
        isinstance(serializer, type) and issubclass(serializer, StrictSerializer)
    )


def _refusals(classes: list[type[DomainError]]) -> OpenApiResponse:
    return OpenApiResponse(
        {"$ref": "#/components/schemas/Problem"},
        description="; ".join(f"`{error.code}`: {error.title}" for error in classes),
        examples=[OpenApiExample(error.code, _example(error)) for error in classes],
    )


def _example(error: type[DomainError]) -> dict[str, Any]:
    return {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.title,
        "code": error.code,
        "request_id": "01920b5e-7c1a-7f3e-9d2b-4a6f0c1e8b37",
    }


def _unsaid(method: Any) -> Operation:
    return Operation(
        summary="", description=inspect.getdoc(method) or "", request=None, response=None, status=200, errors=(),
        query=None, examples=(), page=False, dry_run=False, if_match=False, etag=False, name=None, deprecated=False,
    )  # fmt: skip
