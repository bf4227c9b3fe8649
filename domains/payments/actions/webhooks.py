"""What gateways tell us: stored as it came, answered at once, believed only after asking back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import connections

from domains.payments import queries, rules
from domains.payments.actions import addresses, chargebacks, foreign_refunds
from domains.payments.actions.commands import follow_command
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.actions.isolation import each_alone
from domains.payments.actions.outcomes import settle_command
from domains.payments.actions.payout_batches import follow_batch
from domains.payments.gateways import Dispute, Outcome, Pending, Unknown, gateway_named
from domains.payments.models import GatewayCommand, PayoutBatch, WebhookEvent
from domains.payments.queries import refunds
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.events.publish import enqueue
from kelmah.faultpoints import faultpoint

log = structlog.get_logger(__name__)

_TASK_HAS: Final = timedelta(seconds=10)  # its own task comes first; the sweep is the net

# The unique index, not a look, decides between sixteen deliveries at once.
_KEEP = """
INSERT INTO payments_webhookevent
    (gateway, account, event_id, kind, ref, body, received_at, next_at, attempts, last_error)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 0, '') ON CONFLICT (gateway, account, event_id) DO NOTHING RETURNING id
"""


def receive_webhook(*, gateway: str, headers: Mapping[str, str], body: bytes) -> None:
    """Keep a delivery whose signature is good; the same event again changes nothing.

    Of a provider that does not sign, only what is about an order of ours: anybody could have us ask about anything.
    Raises SignatureInvalid, GatewayNotOffered, NotOffered.
    """
    adapter = gateway_named(gateway)
    notice = adapter.parse_webhook(headers, body)
    unsigned = adapter.capabilities.webhooks == "unsigned"
    if notice is None or (unsigned and not queries.is_ours(gateway=gateway, notice=notice)):
        log.info("webhook_of_no_concern", gateway=gateway)
        return
    now = clock.now()
    what: list[Any] = [gateway, notice.account, notice.event_id, notice.kind, notice.ref, body, now, now + _TASK_HAS]
    with atomic("payments"), connections["payments"].cursor() as cursor:
        cursor.execute(_KEEP, what)
        if made := cursor.fetchone():
            enqueue("payments.process_webhook", event_id=made[0])


def process_webhook(*, event_pk: int) -> None:
    """Ask the gateway what really is, and settle the order it is about. Done twice, it is done once.

    What can't be asked, or is not ours yet (a webhook may be faster than our own commit), waits; at last staff see it.
    """
    event = WebhookEvent.objects.get(pk=event_pk)
    if event.processed_at or event.dead_at:
        return
    told = _told_about(event)
    faultpoint("webhook.after_fetch")
    if isinstance(told, Unknown):
        _put_off(event_pk, told.reason, patience=rules.OUTAGE_ATTEMPTS)
        return
    if not _carried_out(event, told):
        _put_off(event_pk, "about an order that is not ours")
        return
    # A credit's body names whoever paid, who is nobody of ours.
    emptied = {"body": b""} if event.kind == "credit" else {}
    WebhookEvent.objects.filter(pk=event_pk).update(processed_at=clock.now(), last_error="", **emptied)


def sweep_webhooks(*, limit: int = 100) -> int:
    """Process what waits; returns how many were looked at."""
    with atomic("payments"):
        # Taken, so that sweeps that overlap share the work; one that dies leaves it to the next.
        due = WebhookEvent.objects.filter(processed_at=None, dead_at=None, next_at__lte=clock.now())
        pks = list(due.order_by("next_at").select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
        WebhookEvent.objects.filter(pk__in=pks).update(next_at=clock.now() + rules.TAKEN_FOR)
    each_alone(pks, lambda pk: process_webhook(event_pk=pk), failed=_put_off)
    return len(pks)


def replay_webhook(*, event_pk: int, ruling: Ruling) -> None:
    """Staff has an event processed once more, from its first attempt. Raises ReasonMissing, NotFound."""
    with atomic("payments"):
        event = WebhookEvent.objects.select_for_update().filter(pk=event_pk).first()
        if event is None:
            raise NotFound("There is no such event.")
        keep_ruling(ruling, kind="webhook.replay", subject_id=event_pk)
        event.processed_at = event.dead_at = None
        event.attempts, event.next_at = 0, clock.now() + _TASK_HAS
        event.save(update_fields=["processed_at", "dead_at", "attempts", "next_at"])
        enqueue("payments.process_webhook", event_id=event_pk)


# Private functions


def _told_about(event: WebhookEvent) -> Outcome | Dispute:
    gateway = gateway_named(event.gateway)
    return gateway.fetch_dispute(event.ref) if event.kind == "dispute" else gateway.fetch(event.kind, event.ref)


def _carried_out(event: WebhookEvent, told: Outcome | Dispute) -> bool:
    """Bring what is true into the books; False when it is about nothing of ours, or not yet."""
    if isinstance(told, Dispute):
        _know_charge(event.gateway, told.charge_ref)
        return chargebacks.follow_dispute(gateway=event.gateway, dispute=told)
    if event.kind == "credit":
        return addresses.follow_credit(gateway=event.gateway, outcome=told)
    if _settled(event.gateway, event.kind, told):
        return True
    if event.kind != "refund" or isinstance(told, Unknown) or told.facts is None:
        return False
    _know_charge(event.gateway, told.facts.of)
    return foreign_refunds.follow_foreign_refund(gateway=event.gateway, outcome=told)


def _know_charge(gateway: str, ref: str) -> None:
    """The word of what was taken back may overtake the word of the charge itself: ask about that one first."""
    if ref and refunds.charge_named(gateway=gateway, ref=ref) is None:
        _settled(gateway, "charge", gateway_named(gateway).fetch("charge", ref))


def _settled(gateway: str, kind: str, outcome: Outcome) -> bool:
    facts = None if isinstance(outcome, Unknown) else outcome.facts
    if facts is None or facts.key is None:
        return False
    command = GatewayCommand.objects.filter(id=facts.key, gateway=gateway, kind=kind).first()
    if command is not None:
        settle_command(command_id=command.id, outcome=outcome)
        if isinstance(outcome, Pending) and outcome.ours:  # the payer has done theirs, and waits
            follow_command(command_id=command.id)
        return True
    if PayoutBatch.objects.filter(id=facts.key, gateway=gateway).exists():
        follow_batch(batch_id=facts.key)
        return True
    return False


def _put_off(event_pk: int, reason: str, *, patience: int = rules.WEBHOOK_ATTEMPTS) -> None:
    with atomic("payments"):
        event = WebhookEvent.objects.select_for_update().get(pk=event_pk)  # the task and the sweep may both be here
        if event.processed_at or event.dead_at:
            return
        event.attempts += 1
        event.last_error = reason
        event.next_at = clock.now() + rules.wait_before(event.attempts)
        if event.attempts >= patience:
            event.dead_at = clock.now()
            log.critical("webhook_dead", gateway=event.gateway, event_id=event.event_id, reason=reason)
        event.save(update_fields=["attempts", "last_error", "next_at", "dead_at"])
