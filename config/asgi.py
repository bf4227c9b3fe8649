"""WebSockets, for an ASGI server: a process of its own, since synchronous Django is slower under ASGI."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

import django

django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter
from django.utils.module_loading import import_string

from kelmah.domain import local_domains

application = ProtocolTypeRouter(
    {
        "websocket": URLRouter(
            [
                route
                for config in local_domains()
                if config.websocket_urls
                for route in import_string(config.websocket_urls)
            ]
        )
    }
)
