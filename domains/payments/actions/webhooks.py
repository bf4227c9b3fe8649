"""What gateways tell us: stored as it came, answered at once, believed only after asking back."""

import json
from collections.abc import Mapping

import structlog

from domains.payments import rules
from domains.payments.actions.commands import settle_command
from domains.payments.gateways import Order, gateway_named
from domains.payments.models import GatewayCommand, WebhookEvent
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import enqueue

log = structlog.get_logger(__name__)


def receive_webhook(*, gateway: str, headers: Mapping[str, str], body: bytes) -> None:
    """Keep a delivery whose signature is good; the same event again changes nothing. Raises SignatureInvalid."""
    notice = gateway_named(gateway).read_webhook(headers, body)
    with atomic("payments"):
        now = clock.now()
        # The unique index, not a look, decides between sixteen deliveries at once.
        event, made = WebhookEvent.objects.get_or_create(
            gateway=gateway,
            event_id=notice.event_id,
            defaults={"body": body, "received_at": now, "next_at": now},
        )
        if made:
            enqueue("payments.process_webhook", event_id=event.pk)


def process_webhook(*, event_pk: int) -> None:
    """Ask the gateway what really is, and settle the command it is about. Done twice, it is done once.

    An order that is not ours yet (the webhook was faster than our own commit) waits; at last staff see it.
    """
    event = WebhookEvent.objects.get(pk=event_pk)
    if event.processed_at or event.dead_at:
        return
    reference = _reference_of(event)
    command = GatewayCommand.objects.filter(id=reference, gateway=event.gateway).first()
    if command is None:
        _put_off(event_pk, "about an order that is not ours")
        return
    order = Order(key=command.id, kind=command.kind, amount=command.amount, instrument=command.instrument)
    outcome = gateway_named(event.gateway).query(order)
    settle_command(command_id=command.id, outcome=outcome)
    WebhookEvent.objects.filter(pk=event_pk).update(processed_at=clock.now())


def sweep_webhooks(*, limit: int = 200) -> int:
    """Process what waits; returns how many were looked at."""
    waiting = WebhookEvent.objects.filter(processed_at__isnull=True, dead_at__isnull=True, next_at__lte=clock.now())
    pks = list(waiting.order_by("next_at").values_list("pk", flat=True)[:limit])
    for pk in pks:
        process_webhook(event_pk=pk)
    return len(pks)


# Private functions


def _reference_of(event: WebhookEvent) -> str:
    return str(json.loads(bytes(event.body))["reference"])


def _put_off(event_pk: int, reason: str) -> None:
    with atomic("payments"):
        event = WebhookEvent.objects.select_for_update().get(pk=event_pk)  # the task and the sweep may both be here
        event.attempts += 1
        event.last_error = reason
        event.next_at = clock.now() + rules.wait_before(event.attempts)
        if event.attempts >= rules.WEBHOOK_ATTEMPTS:
            event.dead_at = clock.now()
            log.error("webhook_dead", gateway=event.gateway, event_id=event.event_id)
        event.save(update_fields=["attempts", "last_error", "next_at", "dead_at"])
