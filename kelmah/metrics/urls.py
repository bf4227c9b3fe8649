"""Included under ``internal/``, which no gateway may route from outside."""

from django.urls import path

from kelmah.metrics.page import metrics

urlpatterns = [path("metrics", metrics)]
