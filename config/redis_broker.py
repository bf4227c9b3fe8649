"""The Redis transport of Celery's broker, which a worker survives even when Redis did not hear what it has done."""

from collections.abc import Iterator
from contextlib import contextmanager

from kombu.transport import redis, virtual


class QoS(redis.QoS):
    """What a worker has been given and has not yet settled.

    The library frees a task's place only after Redis has answered, and just logs when no answer comes. At its prefetch
    limit such a worker asks for nothing ever again, though alive and connected (celery#2415). Here the place is freed
    in any case; what Redis did not hear it delivers once more after the visibility timeout, which tasks are made for.
    """

    def ack(self, delivery_tag: str) -> None:
        with self._freed(delivery_tag):
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        with self._freed(delivery_tag):
            super().reject(delivery_tag, requeue)

    @contextmanager
    def _freed(self, delivery_tag: str) -> Iterator[None]:
        try:
            yield
        except BaseException:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(redis.Channel):
    QoS = QoS


class Transport(redis.Transport):
    Channel = Channel
