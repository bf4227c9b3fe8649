"""Routes that belong to no domain."""

from django.urls import path
from drf_spectacular.views import SpectacularSwaggerSplitView

from kelmah.http.health import live, ready
from kelmah.http.openapi_view import openapi_document, own_document
from kelmah.http.problem_pages import own_problem_page, problem_page

urlpatterns = [
    path("health/live", live),
    path("health/ready", ready),
    path("problems/<slug:code>", problem_page),
    path("internal/schema", own_document),
    path("internal/problems/<slug:code>", own_problem_page),
    path("api/schema", openapi_document, name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema")),
]
