"""Single objects: for those who may see them, or locked for those who change them."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from domains.payments import rules
from domains.payments.gateways import Notice, Order
from domains.payments.models import Deposit, Escrow, FeePlan, GatewayCommand, Payout, PayoutMethod
from domains.payments.queries.methods import destination_of
from domains.payments.rules import owners
from kelmah.errors import NotFound
from kelmah.principal import Principal

M = TypeVar("M", bound=Model)


def the(found: QuerySet[M], otherwise: str) -> M:
    """The first of what was looked for. Raises NotFound, saying ``otherwise``."""
    one = found.first()
    if one is None:
        raise NotFound(otherwise)
    return one


def access_escrow(*, milestone_id: UUID, by: Principal) -> Escrow:
    """An escrow for its two sides. Raises NotFound."""
    escrow = Escrow.objects.filter(milestone_id=milestone_id).first()
    if escrow is None or by.user_id not in (escrow.hirer_id, escrow.worker_id):
        raise NotFound("You have no such escrow.")
    return escrow


def access_deposit(*, deposit_id: UUID, by: Principal) -> Deposit:
    """One's own deposit. Raises NotFound."""
    return the(Deposit.objects.filter(id=deposit_id, user_id=by.user_id), "You have no such deposit.")


def access_payout(*, payout_id: UUID, by: Principal) -> Payout:
    """One's own payout. Raises NotFound."""
    return the(payouts_of(by.user_id).filter(id=payout_id), "You have no such payout.")


def payouts_of(user_id: UUID) -> QuerySet[Payout]:
    """Of somebody's own money: not what a fleet, say, has paid to an account of theirs."""
    return Payout.objects.filter(owner=owners.of_user(user_id))


def payout_under(key: str) -> Payout | None:
    """What another domain ordered under its key."""
    return Payout.objects.filter(key=key).first()


def escrows_of(contract_ids: Sequence[UUID]) -> list[Escrow]:
    return list(Escrow.objects.filter(contract_id__in=contract_ids).order_by("funded_at", "milestone_id"))


def fee_plan_in_force(name: str) -> FeePlan:
    """The newest approved version of a fee plan. Raises NotFound."""
    return the(
        FeePlan.objects.filter(name=name, state="approved").order_by("-version"), f"There is no fee plan {name!r}."
    )


def command_named(command_id: UUID) -> GatewayCommand:
    """Raises NotFound."""
    return the(GatewayCommand.objects.filter(id=command_id), "There is no such command.")


def order_of(command: GatewayCommand) -> Order:
    """The command as its gateway understands it. A payout to a method has its account only there, sealed."""
    instrument = command.instrument
    if command.kind == "payout" and not instrument:
        instrument = destination_of(PayoutMethod.objects.get(payouts__id=command.subject_id))
    return Order(
        key=command.id,
        kind=command.kind,
        amount=command.amount,
        instrument=instrument,
        of=command.of,
        ref=command.gateway_ref,
    )


def next_action_of(deposit: Deposit) -> dict[str, Any] | None:
    """What the payer has to do before the deposit can go on; None when there is nothing to do."""
    if deposit.state != "processing":
        return None
    commands = GatewayCommand.objects.filter(kind="charge", subject_id=deposit.id, state="pending")
    return commands.values_list("next_action", flat=True).first()


def is_ours(*, gateway: str, notice: Notice) -> bool:
    """Whether a notice is about an order of ours, or about an object that one led to."""
    commands = GatewayCommand.objects.filter(gateway=gateway)
    return commands.filter(id__in=_keys_in(notice)).exists() or commands.filter(gateway_ref=notice.ref).exists()


def undecided_orders() -> QuerySet[GatewayCommand]:
    """Orders that are to be sent, were sent, or nobody knows of what became; oldest first."""
    return GatewayCommand.objects.exclude(state__in=rules.COMMAND.final).order_by("created_at", "id")


def lock_command(command_id: UUID) -> GatewayCommand:
    """The command's row, locked until the transaction ends. Raises NotFound."""
    return the(GatewayCommand.objects.select_for_update().filter(id=command_id), "There is no such command.")


def lock_deposit(deposit_id: UUID) -> Deposit:
    """The deposit's row, locked until the transaction ends. Raises NotFound."""
    return the(Deposit.objects.select_for_update().filter(id=deposit_id), "There is no such deposit.")


def lock_payout(payout_id: UUID) -> Payout:
    """The payout's row, locked until the transaction ends. Raises NotFound."""
    return the(Payout.objects.select_for_update().filter(id=payout_id), "There is no such payout.")


def lock_escrow(milestone_id: UUID) -> Escrow:
    """The escrow's row, locked until the transaction ends. Raises NotFound."""
    return the(Escrow.objects.select_for_update().filter(milestone_id=milestone_id), "There is no such escrow.")


def _keys_in(notice: Notice) -> list[UUID]:
    try:
        return [key for key in (notice.key, UUID(notice.ref)) if key]
    except ValueError:
        return [notice.key] if notice.key else []
