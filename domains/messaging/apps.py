"""What messaging declares about itself."""

from kelmah.domain import DomainConfig


class MessagingConfig(DomainConfig):
    name = "domains.messaging"
    label = "messaging"
    handlers = "domains.messaging.handlers"
    urls = "domains.messaging.api.urls"
    outside = {"mail server": "e-mails to people", "SMS provider": "texts to phones"}
    websocket_urls = "domains.messaging.api.routing.websocket_urlpatterns"
    beat = {
        "messaging-deliveries": {"task": "messaging.sweep_deliveries", "schedule": 15.0},
        "messaging-forget": {"task": "messaging.forget_old_notifications", "schedule": 3600.0},
    }
