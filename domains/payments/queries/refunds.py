"""What can still be given back of a charge, and what somebody owes."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet, Sum

from domains.payments import rules
from domains.payments.models import (
    Chargeback,
    Deposit,
    GatewayCommand,
    LedgerEntry,
    Receivable,
    Refund,
    Suspended,
    SuspenseRuling,
)
from domains.payments.queries.ledger import balance_of, is_posted
from domains.payments.queries.objects import lock_deposit
from kelmah.errors import NotFound
from kelmah.money import Money
from kelmah.principal import Principal


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A gateway's charge as it stands in our books. ``source``: its payer's ``wallet`` got it, or it is in
    ``suspense``, or was given from there to somebody else."""

    gateway: str
    ref: str
    deposit_id: UUID
    captured: Money
    source: str


def charge_named(*, gateway: str, ref: str) -> Charge | None:
    """The charge, also one that we never ordered; None when it isn't booked."""
    entries = LedgerEntry.objects.filter(txn__idem=rules.charged(gateway, ref), amount__gt=0).select_related("txn")
    entry = entries.exclude(account__key__startswith="platform:").select_related("account").first()
    if entry is None:
        return None
    deposit_id = UUID(entry.txn.reference["deposit_id"])
    accepted = is_posted(f"deposit:{deposit_id}:accepted") and charge_ref_of(deposit_id) == ref
    in_wallet = entry.account.key.startswith("user:") or accepted or _was_credited_since(entry, deposit_id)
    return Charge(
        gateway=gateway,
        ref=ref,
        deposit_id=deposit_id,
        captured=Money(entry.amount, entry.currency),
        source="wallet" if in_wallet else "suspense",
    )


def lock_charge(charge: Charge) -> Charge:
    """The charge as it stands now, its deposit locked until the transaction ends: staff may have accepted it into the
    wallet while we waited."""
    lock_deposit(charge.deposit_id)
    return charge_named(gateway=charge.gateway, ref=charge.ref) or charge


def charge_of(deposit_id: UUID, gateway: str) -> Charge | None:
    """The charge that the deposit's own order led to; None while, or when, no money came."""
    ref = charge_ref_of(deposit_id)
    return charge_named(gateway=gateway, ref=ref) if ref else None


def charge_ref_of(deposit_id: UUID) -> str:
    """The gateway's name of the charge that the deposit's own order led to; empty while there is none."""
    found = GatewayCommand.objects.filter(kind="charge", subject_id=deposit_id)
    return found.values_list("gateway_ref", flat=True).first() or ""


def refundable(charge: Charge) -> Money:
    """Captured, less what was or is being refunded, less what banks took back. Exact while the deposit is locked."""
    about = {"gateway": charge.gateway, "charge_ref": charge.ref, "currency": charge.captured.currency}
    refunds = Refund.objects.filter(**about).exclude(state__in=["failed", "returned"])
    taken = Chargeback.objects.filter(**about, state__in=["withdrawn", "lost"])
    gone = _sum(refunds) + _sum(taken)
    return Money(max(charge.captured.minor - gone, 0), charge.captured.currency)


def suspended_for(charge: Charge) -> Money:
    """What stands in suspense because of the charge's deposit."""
    currency = charge.captured.currency
    found = Suspended.objects.filter(gateway=charge.gateway, currency=currency, subject=f"deposit:{charge.deposit_id}")
    return Money(found.values_list("balance", flat=True).first() or 0, currency)


def is_disputed(charge: Charge) -> bool:
    """Whether the payer's bank asks about the charge or has taken it, and that is not over."""
    open_ones = Chargeback.objects.filter(gateway=charge.gateway, charge_ref=charge.ref)
    return open_ones.filter(state__in=rules.CHARGEBACK_OPEN).exists()


def refund_instrument(deposit_id: UUID) -> str:
    """What the payer paid with: some providers have to be told where a refund goes."""
    return GatewayCommand.objects.values_list("instrument", flat=True).get(kind="charge", subject_id=deposit_id)


def access_refund(*, refund_id: UUID, by: Principal) -> Refund:
    """One's own refund. Raises NotFound."""
    refund = Refund.objects.filter(id=refund_id, user_id=by.user_id).first()
    if refund is None:
        raise NotFound("You have no such refund.")
    return refund


def refunds_of(deposit_id: UUID) -> QuerySet[Refund]:
    return Refund.objects.filter(deposit_id=deposit_id)


def lock_refund(refund_id: UUID) -> Refund:
    """The refund's row, locked until the transaction ends. Raises NotFound."""
    refund = Refund.objects.select_for_update().filter(id=refund_id).first()
    if refund is None:
        raise NotFound("There is no such refund.")
    return refund


def owed_by(user_id: UUID, currency: str) -> Money:
    """What somebody owes us: zero or more."""
    return -balance_of(rules.receivable(user_id, currency), currency)


def check_nothing_owed(user_id: UUID) -> None:
    """In no currency: what a payment was changed into stands in another one. Raises DebtOutstanding, with a debt."""
    for currency in Receivable.objects.filter(user_id=user_id).order_by("since").values_list("currency", flat=True):
        if (owed := owed_by(user_id, currency)).minor:
            raise rules.DebtOutstanding(data={"owed": owed.as_json()})


def check_spendable(user_id: UUID, amount: Money) -> None:
    """That the wallet has the amount besides what its owner owes, which is collected from it within seconds.

    Two who spend at once must not both count on the same rest: the row that guards the debt stays locked. Raises
    InsufficientFunds; a wallet without a debt is left to the ledger's own floor.
    """
    if lock_receivable(user_id, amount.currency) is None:
        return
    owed = owed_by(user_id, amount.currency)
    if owed.minor and balance_of(rules.available(user_id, amount.currency), amount.currency) - owed < amount:
        raise rules.InsufficientFunds("What you owe is paid first.", data={"owed": owed.as_json()})


def lock_receivable(user_id: UUID, currency: str) -> Receivable | None:
    """The row that guards what somebody owes; None when they never owed anything."""
    return Receivable.objects.select_for_update().filter(user_id=user_id, currency=currency).first()


# Private functions


def _was_credited_since(suspended: LedgerEntry, deposit_id: UUID) -> bool:
    """Whether two of the staff gave what stood in suspense to the payer after all."""
    owner = Deposit.objects.values_list("user_id", flat=True).get(id=deposit_id)
    item = f"{suspended.account.key} deposit:{deposit_id}"
    rulings = SuspenseRuling.objects.filter(item=item, state="carried_out", credit_to=owner)
    return rulings.filter(decided_at__gte=suspended.txn.event_at).exists()


def _sum(rows: QuerySet[Refund] | QuerySet[Chargeback]) -> int:
    return int(rows.aggregate(total=Sum("amount_minor"))["total"] or 0)
