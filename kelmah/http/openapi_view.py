"""``/api/schema``: the OpenAPI document of all domains; ``/internal/schema``: of those that run here."""

from functools import cache

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from kelmah.http.gathered import Gathered

_gathered = Gathered()


@require_safe
def openapi_document(request: HttpRequest) -> HttpResponse:
    """Public. Built once per process, since walking every route takes longer than serving a thousand requests."""
    whole = _gathered.with_others(_document(settings.ROOT_URLCONF))
    return _answer(whole, seconds=10 if "x-missing" in whole else 300)


@require_safe
def own_document(request: HttpRequest) -> HttpResponse:
    """For a process that gathers everybody's."""
    return _answer(_document(settings.ROOT_URLCONF), seconds=300)


def build_document(urlconf: str) -> dict[str, object]:
    """OpenAPI 3.1 as plain data."""
    generator = SchemaGenerator(urlconf=urlconf)  # type: ignore[no-untyped-call]  # drf-spectacular is untyped here
    document: dict[str, object] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # same
    return document


@cache
def _document(urlconf: str) -> dict[str, object]:
    document: dict[str, object] = orjson.loads(orjson.dumps(build_document(urlconf), default=str))
    return document


def _answer(document: dict[str, object], *, seconds: int) -> HttpResponse:
    headers = {"Cache-Control": f"public, max-age={seconds}"}
    return HttpResponse(orjson.dumps(document), content_type="application/json", headers=headers)
