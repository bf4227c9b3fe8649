"""Tasks that RabbitMQ gave up because every worker that took them died: seen, tried again, or given up for good.

Redis keeps no graves: there a task is delivered until a worker survives it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from kombu import Queue
from kombu.message import Message

from kelmah.errors import InvalidInput, NotFound
from kelmah.events.broker import CONFIRM_WITHIN, broker

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class DeadTask:
    """``queue`` is where it waited; ``deliveries`` is None when it died of something else than their number.

    Its arguments stay in the broker: they may name people.
    """

    id: str
    name: str
    queue: str
    reason: str
    deliveries: int | None
    since: datetime | None


def has_graves() -> bool:
    """Whether the broker is one that gives tasks up."""
    return bool(broker().connection_for_write().transport.driver_type == "amqp")


def depths() -> dict[str, tuple[int, int]]:
    """Per queue of the local domains: tasks that wait, and dead ones."""
    with broker().connection_for_write() as connection:
        return {
            queue.name: (_count(connection, queue.name), _count(connection, _grave(queue.name)))
            for queue in broker().conf.task_queues
        }


def dead_tasks() -> list[DeadTask]:
    """The oldest first within each queue."""
    return [_dead(queue, message) for queue, message in _looked_at()]


def resubmit(task_id: str) -> DeadTask:
    """Let a dead task wait in its queue again, as if it was new. Raises NotFound."""
    with _taken(task_id) as (connection, dead, message):
        headers = {name: value for name, value in message.headers.items() if not name.startswith("x-")}
        with connection.Producer() as producer:
            producer.publish(
                message.body,
                routing_key=dead.queue,
                exchange="",
                headers=headers,
                content_type=message.content_type,
                content_encoding=message.content_encoding,
                delivery_mode=2,
                mandatory=True,
                confirm_timeout=CONFIRM_WITHIN,
                **{name: message.properties[name] for name in ("correlation_id",) if name in message.properties},
            )
        # Last: a death in between leaves it twice, which every task bears, and never not at all.
        message.ack()
    log.info("task_resubmitted", task=dead.name, task_id=dead.id)
    return dead


def discard(task_id: str, *, reason: str) -> DeadTask:
    """Drop a dead task; the log keeps the reason. Raises InvalidInput, NotFound."""
    if not reason.strip():
        raise InvalidInput("Say why this task may be lost.")
    with _taken(task_id) as (_, dead, message):
        message.ack()
    log.warning("task_discarded", task=dead.name, task_id=dead.id, reason=reason)
    return dead


# Private functions


def _looked_at() -> Iterator[tuple[Queue, Message]]:
    """Every dead task. None is taken: the channel closes without a word about them, and they stay where they are."""
    with broker().connection_for_write() as connection:
        for queue in broker().conf.task_queues:
            channel: Any = connection.channel()
            grave = Queue(_grave(queue.name), channel=channel)
            for _ in range(_count(connection, grave.name)):
                if message := grave.get(no_ack=False):
                    yield queue, message
            channel.close()


@contextmanager
def _taken(task_id: str) -> Iterator[tuple[Any, DeadTask, Any]]:
    for queue, found in _looked_at():
        if _header(found, "id") == task_id:
            message: Any = found
            dead = _dead(queue, message)
            with broker().connection_for_write() as connection:
                yield connection, dead, message
            return
    raise NotFound("There is no such dead task.")


def _count(connection: Any, name: str) -> int:
    channel = connection.channel()
    try:
        return int(channel.queue_declare(name, passive=True).message_count)
    except connection.channel_errors:  # nobody has waited there yet
        return 0
    finally:
        if channel.connection is not None:
            channel.close()


def _grave(queue: str) -> str:
    return f"{queue}.dead"


def _header(message: Any, name: str) -> str:
    return str(message.headers.get(name, ""))


def _dead(queue: Queue, message: Any) -> DeadTask:
    death = (message.headers.get("x-death") or [{}])[0]
    reason = str(death.get("reason", ""))
    limit = (queue.queue_arguments or {}).get("x-delivery-limit")
    return DeadTask(
        id=_header(message, "id"),
        name=_header(message, "task"),
        queue=queue.name,
        reason=reason,
        # RabbitMQ forgets the count when it buries. The limit is of the queue's making, and can't have changed since.
        deliveries=limit + 1 if limit is not None and reason == "delivery_limit" else None,
        since=death.get("time"),
    )
