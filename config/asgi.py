"""WebSockets, for an ASGI server: a process of its own, since synchronous Django is slower under ASGI."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

import django

django.setup()

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path
from django.utils.module_loading import import_string

from kelmah.domain import local_domains
from kelmah.live import asgi

_routes = [
    route for config in local_domains() if config.websocket_urls for route in import_string(config.websocket_urls)
]
_nowhere: Any = asgi.no_such_address  # an ASGI application, which Django's stubs take for no view
application = ProtocolTypeRouter(
    {
        "websocket": URLRouter([*_routes, re_path("", _nowhere)]),
        "http": asgi.http,
        "lifespan": asgi.lifespan,
    }
)
