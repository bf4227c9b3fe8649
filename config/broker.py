"""The queues of Celery's broker: one per domain, and on RabbitMQ a grave beside each."""

from typing import Any

from django.conf import settings
from kombu import Exchange, Queue

DEAD = Exchange("kelmah.dead", type="direct", durable=True)

# A task that takes its worker along each time is given up: the first attempt and so many more.
DELIVERY_LIMIT = 4

# Looking at a dead task delivers it, too, and newer RabbitMQ (4.0) drops after 20 deliveries unless told otherwise.
LOOKS = 1_000_000


def on_rabbitmq() -> bool:
    """Redis is the default; ``amqp://`` names RabbitMQ."""
    return str(settings.CELERY_BROKER_URL).startswith(("amqp://", "amqps://", "pyamqp://"))


def queue_of(domain: str) -> str:
    """Where a domain's tasks wait: its own worker takes them, wherever that runs, and nobody else's."""
    return f"kelmah.{domain}"


def queue(domain: str) -> Queue:
    """Its routing key is its name: Celery would give all queues the same, and every task to all of them.

    On RabbitMQ a quorum queue: it survives the loss of a node, and counts how often each task was delivered.
    """
    name = queue_of(domain)
    kind, arguments = "direct", None
    if on_rabbitmq():
        # What is to be tried again later waits in the broker; below a direct exchange, in the hands of a worker.
        kind = "topic"
        arguments = {
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": DEAD.name,
            "x-dead-letter-routing-key": name,
            # Kept until the grave has it. Asks for a queue that refuses what it can't take, which confirms then say.
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
    exchange = Exchange("kelmah", type=kind, durable=True)
    return Queue(name, exchange, routing_key=name, durable=True, queue_arguments=arguments)


def grave(domain: str) -> Queue:
    """Where RabbitMQ puts a domain's tasks that were delivered too often."""
    name = queue_of(domain)
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": LOOKS}
    return Queue(f"{name}.dead", DEAD, routing_key=name, durable=True, queue_arguments=arguments)


def route(name: str, *_: object, **__: object) -> dict[str, str]:
    """Tasks are named ``<domain>.<task>``, which a system check enforces."""
    return {"queue": queue_of(name.partition(".")[0])}


def transport() -> str | None:
    """None: the one that the URL names."""
    return None if on_rabbitmq() else "config.redis_broker:Transport"


def transport_options() -> dict[str, Any]:
    """Towards a broker that hangs, or that takes a message and loses it."""
    # Of connecting for a publication: the outbox tries again by itself.
    patience = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
    if on_rabbitmq():
        # A publication returns when the queue's majority has it, and raises when nobody takes it.
        return patience | {"confirm_publish": True}
    return patience | {
        "visibility_timeout": 3600,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
    }
