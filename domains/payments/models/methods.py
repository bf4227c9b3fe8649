"""Where people are paid to."""

from django.db import models
from django.db.models import Q

from domains.payments import rules
from kelmah.crypto import SealedField
from kelmah.db.models import DataKeyBase, UUIDModel, Versioned

_GONE = ("refused", "removed")


class PayoutMethod(UUIDModel, Versioned):
    """An account of somebody's at a gateway. Its number is sealed, and besides in a blind index; ``hint`` is how its
    owner knows it again. ``holder`` is the name in which the gateway keeps it, sealed; ``name_check`` what came of it.
    """

    user_id = models.UUIDField()
    gateway = models.TextField()
    destination = SealedField(subject="user_id", place="payments.payoutmethod.destination", null=True)
    destination_index = models.BinaryField(max_length=32, null=True)
    hint = models.TextField()
    holder = SealedField(subject="user_id", place="payments.payoutmethod.holder", null=True)
    name_check = models.TextField(default="waiting")
    state = models.TextField(default=rules.METHOD.initial)
    created_at = models.DateTimeField()
    usable_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.METHOD.states)), name="method_state"),
            models.CheckConstraint(
                condition=Q(name_check__in=["waiting", "fits", "differs", "not_offered", "by_staff"]),
                name="method_name_check",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_GONE, ended_at__isnull=False, destination__isnull=True)
                | ~Q(state__in=_GONE) & Q(ended_at__isnull=True, destination__isnull=False),
                name="method_has_destination_until_its_end",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | ~Q(name_check__in=["waiting", "differs"]),
                name="method_active_is_checked",
            ),
            models.CheckConstraint(condition=Q(usable_at__gte=models.F("created_at")), name="method_cools_down"),
            models.UniqueConstraint(
                fields=["user_id", "gateway", "destination_index"], condition=~Q(state__in=_GONE), name="method_once"
            ),
        ]
        indexes = [
            models.Index(fields=["user_id", "-created_at", "-id"], name="method_of_user"),
            models.Index(fields=["created_at"], condition=Q(state="in_review"), name="method_in_review"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.hint}"


class DataKey(DataKeyBase):
    pass
