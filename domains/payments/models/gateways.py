"""What we ordered of gateways, and what they told us."""

from django.db import models
from django.db.models import Q

from domains.payments import rules
from kelmah.db.models import UUIDModel
from kelmah.money import Money


class GatewayCommand(UUIDModel):
    """An order to a gateway, stored before it is sent. Its id is the key under which it is sent, every time.

    ``first_sent_at`` is when the gateway may have begun to remember that key, ``sent_at`` when it was sent last.
    ``of``: the gateway's charge that a refund gives back. ``next_action``: what the payer has to do, while it waits.
    """

    gateway = models.TextField()
    kind = models.TextField()
    subject_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    instrument = models.TextField()
    of = models.TextField(blank=True, default="", db_default="")
    next_action = models.JSONField(null=True)
    state = models.TextField(default=rules.COMMAND.initial)
    attempts = models.PositiveIntegerField(default=0)
    first_sent_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField()
    gateway_ref = models.TextField(blank=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.COMMAND.states)), name="command_state"),
            models.CheckConstraint(condition=Q(kind__in=["charge", "payout", "refund"]), name="command_kind"),
            models.CheckConstraint(
                condition=~Q(state__in=["succeeded", "returned"]) | ~Q(gateway_ref=""), name="command_done_has_object"
            ),
            models.UniqueConstraint(fields=["kind", "subject_id"], name="command_once_per_subject"),
            models.UniqueConstraint(
                fields=["gateway", "kind", "gateway_ref"], condition=~Q(gateway_ref=""), name="command_of_object"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"], condition=~Q(state__in=sorted(rules.COMMAND.final)), name="command_undecided"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class WebhookEvent(models.Model):
    """What a gateway told us, as it came; a hint to look again, never the truth itself."""

    gateway = models.TextField()
    account = models.TextField()
    event_id = models.TextField()
    kind = models.TextField()
    ref = models.TextField()
    body = models.BinaryField()
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    dead_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway", "account", "event_id"], name="webhook_once")]
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=Q(processed_at__isnull=True, dead_at__isnull=True),
                name="webhook_waiting",
            ),
            models.Index(
                fields=["dead_at"],
                condition=Q(processed_at__isnull=True, dead_at__isnull=False),
                name="webhook_given_up",
            ),
        ]

    def __str__(self) -> str:
        return self.event_id
