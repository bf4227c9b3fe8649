"""The real routes, and beside them what they are compared with."""

from django.urls import path

from config.urls import urlpatterns as real
from tests.benchmarks.jobs import views

urlpatterns = [
    *real,
    path("api/bench/serializer", views.PlainJobs.as_view()),
    path("api/bench/sql", views.same_sql),
]
