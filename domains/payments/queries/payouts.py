"""Payouts that go to a provider together, and the batches in which they do."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from domains.payments import rules
from domains.payments.gateways import Batch, names_gathering
from domains.payments.models import GatewayCommand, Payout, PayoutBatch, PayoutBatchItem
from domains.payments.queries.objects import order_of
from kelmah.errors import NotFound


def waiting() -> QuerySet[GatewayCommand]:
    """Payouts that were never sent and wait for others; oldest first."""
    gathered = GatewayCommand.objects.filter(kind="payout", state="new", gateway__in=names_gathering())
    return gathered.order_by("created_at", "id")


def sent_alone() -> QuerySet[GatewayCommand]:
    """Orders that are sent and followed one by one: neither wait for a batch nor belong to one that is open."""
    waits = Q(kind="payout", state="new", gateway__in=names_gathering())
    return GatewayCommand.objects.exclude(waits).exclude(Exists(_open_items().filter(command=OuterRef("pk"))))


def is_gathered(command: GatewayCommand) -> bool:
    """Whether it must not be sent alone now. Its row is locked, as that of whatever joins a batch."""
    return not sent_alone().filter(id=command.id).exists()


def open_batch_of(command: GatewayCommand) -> UUID | None:
    """The batch through which it is followed; None: by itself."""
    return _open_items().filter(command=command).values_list("batch_id", flat=True).first()


def lock_batch(batch_id: UUID) -> PayoutBatch:
    """The batch's row, locked until the transaction ends. Raises NotFound."""
    batch = PayoutBatch.objects.select_for_update().filter(id=batch_id).first()
    if batch is None:
        raise NotFound("There is no such batch of payouts.")
    return batch


def batch_told(batch: PayoutBatch, *, again: bool) -> Batch:
    """The batch as its gateway understands it: the same orders in the same order, every time."""
    items = batch.items.select_related("command").order_by("id")
    orders = [order_of(item.command) for item in items]
    return Batch(key=batch.id, orders=orders, again=again, ref=batch.gateway_ref)


def orders_in(batch: PayoutBatch) -> QuerySet[GatewayCommand]:
    return GatewayCommand.objects.filter(payout_batch_item__batch=batch).order_by("id")


def batches_with_progress() -> QuerySet[PayoutBatch]:
    """Each batch with the number of its payouts that are ``paid``, ``failed`` (or came back) and ``undecided``."""
    state = "items__command__state"
    return PayoutBatch.objects.annotate(
        paid=Count("items", filter=Q(**{state: "succeeded"})),
        failed=Count("items", filter=Q(**{f"{state}__in": ["rejected", "returned"]})),
        undecided=Count("items", filter=~Q(**{f"{state}__in": sorted(rules.COMMAND.final)})),
    )


def payouts_in(batch_id: UUID) -> QuerySet[Payout]:
    ids = PayoutBatchItem.objects.filter(batch_id=batch_id).values("command__subject_id")
    return Payout.objects.filter(id__in=ids)


def who_is_paid(commands: Sequence[GatewayCommand]) -> dict[UUID, UUID]:
    """Whose each payout is, by the order's id."""
    owners = dict(Payout.objects.filter(id__in=[c.subject_id for c in commands]).values_list("id", "user_id"))
    return {command.id: owners[command.subject_id] for command in commands}


# Private functions


def _open_items() -> QuerySet[PayoutBatchItem]:
    return PayoutBatchItem.objects.filter(batch__state__in=rules.BATCH_OPEN)
