"""The room of the Channels tutorial, to compare with: a group per conversation, nothing stored, nothing numbered."""

import json
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")

import django
from django.conf import settings

django.setup()
settings.CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [settings.REDIS_URL]},
    }
}

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path


class Room(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        self.room = ""
        await self.accept("kelmah.v1")

    async def receive(self, text_data: str = "", bytes_data: bytes | None = None) -> None:
        frame = json.loads(text_data)
        if frame["type"] == "subscribe":
            self.room = f"room-{frame['conversation']}"
            await self.channel_layer.group_add(self.room, self.channel_name)
            await self.send(text_data=json.dumps({"type": "subscribed"}))
        else:
            await self.channel_layer.group_send(self.room, {"type": "chat.message", "message": frame})

    async def chat_message(self, event: dict) -> None:
        await self.send(text_data=json.dumps({**event["message"], "type": "message"}))

    async def disconnect(self, code: int) -> None:
        if self.room:
            await self.channel_layer.group_discard(self.room, self.channel_name)


application = ProtocolTypeRouter({"websocket": URLRouter([path("ws", Room.as_asgi())])})
