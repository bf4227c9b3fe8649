"""The project's own routes, and one that gives back what it is sent, without signature, types or anything else."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config.urls import urlpatterns as own


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body, content_type="application/json")


urlpatterns = [path("bare", bare), *own]
