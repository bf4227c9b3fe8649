"""``GET /internal/metrics``: no gateway leads there, and nothing in it names a person."""

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
    """Of this process, and of the state of its domains."""
    # Of the workers behind one port any may answer. What is a worker's own has a label "pid", so that counters of two
    # never pass for one that jumps back and forth, and rates stay true. prometheus-client's files for several processes
    # would add them up, but need a folder that somebody empties, and know no state computed when it is asked for.
    return HttpResponse(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)
