"""``GET /internal/metrics``: no gateway leads there, and nothing in it names a person."""

import os

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from kelmah.metrics.calls import SECONDS
from kelmah.metrics.state import StateNow

_registry = CollectorRegistry()
_registry.register(StateNow())
_registry.register(SECONDS)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Of this process. Of the several behind one port any may answer: ``Kelmah-Process`` says which did."""
    body = generate_latest(_registry)
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST, headers={"Kelmah-Process": str(os.getpid())})
