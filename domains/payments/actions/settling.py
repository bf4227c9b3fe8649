"""How protected funds leave: in numbered parts, and the rest once and for all."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from domains.payments import rules
from domains.payments.actions.ledger import Line, post
from domains.payments.models import Deadline, DisputedFunds, Escrow, EscrowRelease
from domains.payments.queries import protected
from kelmah import clock, deadlines
from kelmah.errors import InvalidInput
from kelmah.events.publish import publish
from kelmah.interfaces.payments.events import EscrowPartReleased, EscrowRefunded, EscrowReleased, WeekReleased
from kelmah.money import Money

AUTO_RELEASE = "auto_release"
MATURE = "mature"

# What the step of the state table is called, by who gets the rest; the second where a dispute is decided.
_STEPS = {"release": ("release", "award"), "refund": ("refund", "give_back"), "split": ("split", "divide")}


def settle(escrow: Escrow, *, to_worker: Money, in_silence: bool = False, dispute: DisputedFunds | None = None) -> None:
    """Everything still held leaves: ``to_worker`` less the fee, the rest to the hirer. The escrow's row is locked.

    Behind the row lock the ledger's key excludes a second settlement of any kind: one per escrow, for ever.
    Raises MoreThanHeld, FundsFrozen, InvalidTransition, InvalidInput, LedgerKeyReused.
    """
    held = escrow.held
    check_amount(to_worker, held)
    outcome = _outcome(to_worker, held)
    step = "release_in_silence" if in_silence else _STEPS[outcome][dispute is not None]
    escrow.state = rules.ESCROW.check(step, escrow.state)
    if to_worker > held:
        raise rules.MoreThanHeld()
    if to_worker.minor:
        protected.check_not_frozen(escrow)
    escrow.settled_at, to_hirer, key = clock.now(), held - to_worker, f"escrow:{escrow.milestone_id}:settle"
    lines = [Line(rules.disputed(dispute.id) if dispute else rules.escrow(escrow.milestone_id), -held)]
    release = _earned(escrow, number=0, gross=to_worker) if to_worker.minor else None
    if release:
        lines += _to_worker(escrow, release, key=key)
    if to_hirer.minor:
        lines.append(Line(rules.available(escrow.hirer_id, escrow.currency), to_hirer))
        escrow.refunded_minor = to_hirer.minor
    counterparty = {"release": escrow.hirer_id, "refund": escrow.worker_id, "split": None}[outcome]
    post(key=key, kind=f"escrow_{outcome}", lines=lines, reference=reference(escrow.milestone_id, counterparty))
    if in_silence:
        escrow.review_ends_at = None  # the deadline itself is marked by whoever runs it
    else:
        stop_clock(escrow)
    _save(escrow, release)
    _tell(escrow, outcome)


def release_numbered(escrow: Escrow, *, number: int, gross: Money) -> None:
    """Part ``number`` goes to the worker, less its fee; less than what is held. The escrow's row is locked."""
    escrow.state = rules.ESCROW.check("release_part", escrow.state)
    check_amount(gross, escrow.held)
    if gross >= escrow.held:
        raise rules.PartTooLarge()
    protected.check_not_frozen(escrow)
    key = f"escrow:{escrow.milestone_id}:part:{number}"
    release = _earned(escrow, number=number, gross=gross)
    lines = [Line(rules.escrow(escrow.milestone_id), -gross), *_to_worker(escrow, release, key=key)]
    post(key=key, kind="escrow_part", lines=lines, reference=reference(escrow.milestone_id, escrow.hirer_id))
    _save(escrow, release)
    publish(
        EscrowPartReleased(
            **_whose(escrow),
            number=number,
            gross=gross,
            fee=Money(release.fee_minor, escrow.currency),
            net=release.net,
            week=escrow.week,
        )
    )


def stop_clock(escrow: Escrow) -> timedelta | None:
    """Disarm the review; returns what it had left, None when it did not run. The escrow's row is locked."""
    if escrow.review_ends_at is None:
        return None
    left = max(escrow.review_ends_at - clock.now(), timedelta())
    escrow.review_ends_at = None
    deadlines.cancel(Deadline, subject_id=escrow.milestone_id, kind=AUTO_RELEASE)
    return left


def check_amount(amount: Money, held: Money) -> None:
    """Raises InvalidInput: it is of another currency than what is held, or less than nothing."""
    if amount.currency != held.currency or amount.minor < 0:
        raise InvalidInput(f"{amount} is no part of {held}.")


def reference(milestone_id: UUID, counterparty: UUID | None) -> dict[str, str | None]:
    """Ids only: the ledger is for ever, and words of people are not."""
    return {"milestone_id": str(milestone_id), "counterparty_id": str(counterparty) if counterparty else None}


# Private functions


def _outcome(to_worker: Money, held: Money) -> str:
    if to_worker == held:
        return "release"
    return "split" if to_worker.minor else "refund"


def _earned(escrow: Escrow, *, number: int, gross: Money) -> EscrowRelease:
    fee, net = rules.part_split(escrow.released, gross, escrow.fee_basis_points)
    escrow.released_minor += gross.minor
    escrow.fee_minor += fee.minor
    escrow.net_minor += net.minor
    waits = timedelta(hours=escrow.pending_hours)
    return EscrowRelease(
        escrow=escrow,
        number=number,
        gross_minor=gross.minor,
        fee_minor=fee.minor,
        net_minor=net.minor,
        released_at=clock.now(),
        matures_at=clock.now() + waits if waits and net.minor else None,
    )


def _to_worker(escrow: Escrow, release: EscrowRelease, *, key: str) -> list[Line]:
    wallet = rules.pending if release.matures_at else rules.available
    lines = [
        Line(wallet(escrow.worker_id, escrow.currency), release.net),
        Line(rules.fee_shard(escrow.currency, key), Money(release.fee_minor, escrow.currency)),
    ]
    return [line for line in lines if line.amount.minor]


def _save(escrow: Escrow, release: EscrowRelease | None) -> None:
    escrow.save_change(
        *("state", "settled_at", "released_minor", "refunded_minor", "fee_minor", "net_minor", "review_ends_at")
    )
    if release:
        release.save(force_insert=True)
        if release.matures_at:
            deadlines.schedule(Deadline, subject_id=release.id, kind=MATURE, due_at=release.matures_at, version=1)


def _tell(escrow: Escrow, outcome: str) -> None:
    money: dict[str, Any] = {name: Money(getattr(escrow, f"{name}_minor"), escrow.currency) for name in ("fee", "net")}
    if outcome != "release":
        refunded = Money(escrow.refunded_minor, escrow.currency)
        whole = {"amount": escrow.amount, "refunded": refunded, "gross": escrow.released, **money}
        publish(EscrowRefunded(**_whose(escrow), **whole, week=escrow.week))
    elif escrow.week:
        publish(WeekReleased(**_whose(escrow), week=escrow.week, gross=escrow.released, **money))
    else:
        publish(EscrowReleased(**_whose(escrow), gross=escrow.released, **money))


def _whose(escrow: Escrow) -> dict[str, Any]:
    return {
        "milestone_id": escrow.milestone_id,
        "contract_id": escrow.contract_id,
        "hirer_id": escrow.hirer_id,
        "worker_id": escrow.worker_id,
        "title": escrow.title,
    }
