"""The WebSocket route of messaging."""

from django.urls import path

from domains.messaging.api.consumers import MessagingConsumer

websocket_urlpatterns = [path("ws", MessagingConsumer.as_asgi())]
