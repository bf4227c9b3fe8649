"""Included under ``internal/``, which no gateway may route from outside."""

from django.urls import path

from kelmah.rpc.server import serve

urlpatterns = [path("rpc/<str:domain>/<str:method>", serve)]
