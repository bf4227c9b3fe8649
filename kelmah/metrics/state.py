"""What is true at the moment somebody looks: breakers, and how far behind the events are."""

import os
from collections.abc import Iterator
from typing import Final

import structlog
from django.db import DatabaseError, InterfaceError
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kelmah.domain import local_domains
from kelmah.events.gauges import Gauge, gauges_of
from kelmah.rpc.breaker import breaker_states

log = structlog.get_logger(__name__)

BREAKER: Final = {"closed": 0, "half_open": 1, "open": 2}


class StateNow(Collector):
    """Asks when it is asked. A database that does not answer leaves out its own lines and nobody else's."""

    def collect(self) -> Iterator[Metric]:
        yield _breakers()
        gauges = list(_gauges())
        for name, what, value in (
            ("kelmah_events_waiting", "Events to tell (outbox) and to hear (inbox).", lambda gauge: gauge.depth),
            ("kelmah_events_oldest_seconds", "Age of the oldest of them.", lambda gauge: gauge.oldest_seconds),
            ("kelmah_events_dead", "Dead letters, which wait for staff.", lambda gauge: gauge.dead),
        ):
            family = GaugeMetricFamily(name, what, labels=("domain", "queue"))
            for gauge in gauges:
                family.add_metric((gauge.domain, gauge.queue), value(gauge))  # type: ignore[no-untyped-call]  # the library's
            yield family


def _breakers() -> Metric:
    family = GaugeMetricFamily(
        "kelmah_breaker_state", "Of each target called so far: 0 closed, 1 half-open, 2 open.", labels=("target", "pid")
    )
    for target, state in sorted(breaker_states().items()):
        family.add_metric((target, str(os.getpid())), BREAKER[state])
    return family


def _gauges() -> Iterator[Gauge]:
    for config in local_domains():
        try:
            yield from gauges_of(config.domain)
        except (DatabaseError, InterfaceError) as error:
            log.warning("gauges_missing", domain=config.domain, error=type(error).__name__)
