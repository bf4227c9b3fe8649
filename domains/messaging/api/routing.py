"""The WebSocket route of messaging."""

from django.urls import path

from domains.messaging.api.consumers import LiveConsumer

websocket_urlpatterns = [path("ws", LiveConsumer.as_asgi())]
