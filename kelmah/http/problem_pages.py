"""``/problems/<code>``: where the ``type`` of every problem leads."""

import inspect
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import escape
from django.views.decorators.http import require_safe

from kelmah.errors import DomainError
from kelmah.http.gathered import ask_others
from kelmah.http.security_headers import protect


@require_safe
def problem_page(request: HttpRequest, code: str) -> HttpResponse:
    """What the code means, in words, from the error's own class."""
    page = _page(code) or next((answer.text for _, answer in ask_others(f"/internal/problems/{code}") if answer), "")
    return _answer(page)


@require_safe
def own_problem_page(request: HttpRequest, code: str) -> HttpResponse:
    """Of an error that this process knows, for one that does not."""
    return _answer(_page(code))


def known_errors(base: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Every error class of this process, the more general first."""
    for error in base.__subclasses__():
        yield error
        yield from known_errors(error)


def _page(code: str) -> str:
    """Empty when no error of this process has the code."""
    error = next((each for each in known_errors() if each.code == code), None)
    if error is None:
        return ""
    meaning = inspect.getdoc(error) if "__doc__" in vars(error) else None
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(code)}</title>"
        f"<h1>{escape(error.title)}</h1><p><code>{escape(code)}</code>, HTTP status {error.status}</p>"
        f"<p>{escape(meaning or '')}</p>"
    )


def _answer(page: str) -> HttpResponse:
    if not page:
        raise Http404
    return protect(HttpResponse(page, headers={"Cache-Control": "public, max-age=3600"}))  # type: ignore[return-value]
