"""``/problems/<code>``: where the ``type`` of every problem leads."""

import inspect
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import escape
from django.views.decorators.http import require_safe

from kelmah.errors import DomainError
from kelmah.http.security_headers import protect


@require_safe
def problem_page(request: HttpRequest, code: str) -> HttpResponse:
    """What the code means, in words, from the error's own class."""
    error = next((each for each in known_errors() if each.code == code), None)
    if error is None:
        raise Http404
    meaning = inspect.getdoc(error) if "__doc__" in vars(error) else None
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(code)}</title>"
        f"<h1>{escape(error.title)}</h1><p><code>{escape(code)}</code>, HTTP status {error.status}</p>"
        f"<p>{escape(meaning or '')}</p>"
    )
    return protect(HttpResponse(page, headers={"Cache-Control": "public, max-age=3600"}))  # type: ignore[return-value]


def known_errors(base: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Every error class of this process, the more general first."""
    for error in base.__subclasses__():
        yield error
        yield from known_errors(error)
