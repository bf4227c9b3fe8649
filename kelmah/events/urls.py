"""Included under ``internal/``, which no gateway may route from outside."""

from django.urls import path

from kelmah.events.server import dead, events

urlpatterns = [path("events", events), path("events/dead", dead)]
