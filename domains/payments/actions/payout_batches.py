"""Payouts sent together: gathered, stored as a batch, sent under its one key, and followed until each is known.

A batch is never made anew: without an answer the same orders are sent again under the same key, and an order that was
in a batch is in no other, ever. Only when the provider has definitely taken none of them does each go alone.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import F

from domains.payments import queries, rules
from domains.payments.actions.isolation import each_alone
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Accepted, BatchOutcome, Rejected, Unknown, gateway_named
from domains.payments.models import GatewayCommand, PayoutBatch, PayoutBatchItem
from domains.payments.queries import payouts
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import DomainError, Unavailable
from kelmah.faultpoints import faultpoint
from kelmah.interfaces.identity.calls import identity
from kelmah.rpc import RemoteFailure

log = structlog.get_logger(__name__)


def send_gathered() -> int:
    """Send the payouts that have waited long enough, with those that wait beside them; returns how many batches.

    Nothing while the books are red. While nobody can say who is restricted, what was asked for longer ago than a token
    is good waits.
    """
    if queries.payouts_are_frozen():
        return 0
    due = payouts.waiting().filter(next_at__lte=clock.now())
    made = 0
    for gateway, currency in set(due.order_by().values_list("gateway", "currency")):
        while batch := _store(gateway, currency):
            made += 1
            _send(batch, again=False)
    return made


def follow_batch(*, batch_id: UUID) -> None:
    """Ask what became of a batch; send it again, under its key, if its name at the provider was never heard."""
    with atomic("payments"):
        batch = payouts.lock_batch(batch_id)  # two workers must not both send it
        if batch.state not in rules.BATCH_OPEN or _is_in_hand(batch):
            return
        if batch.state != "accepted":
            if queries.payouts_are_frozen():
                log.warning("batch_waits_for_the_books", batch_id=str(batch_id))
                return  # it stays due: the janitor comes back to it
            if not _key_is_remembered(batch):
                _give_up_following(batch)
                return
            batch.state = rules.PAYOUT_BATCH.check("send", batch.state)
            batch.attempts += 1
            batch.sent_at, batch.next_at = clock.now(), clock.now() + rules.SENDER_DEAD_AFTER
            batch.save(update_fields=["state", "attempts", "sent_at", "next_at"])
    _send(batch, again=True)


def resolve_batches(*, limit: int = 20) -> int:
    """The janitor: every open batch that is due is sent again or asked about; returns how many were looked at."""
    with atomic("payments"):
        # Taken, so that janitors who overlap share the work; one that dies leaves it to the next.
        due = PayoutBatch.objects.filter(state__in=rules.BATCH_OPEN, next_at__lte=clock.now()).order_by("next_at")
        ids = list(due.select_for_update(skip_locked=True).values_list("id", flat=True)[:limit])
        PayoutBatch.objects.filter(id__in=ids).update(next_at=clock.now() + rules.TAKEN_FOR)
    each_alone(ids, lambda batch_id: follow_batch(batch_id=batch_id), failed=_put_off)
    return len(ids)


# Private functions


def _store(gateway: str, currency: str) -> PayoutBatch | None:
    """The next batch, to be sent at once; None when nothing is due any more, or the books are red."""
    wait = timedelta(seconds=settings.PAYOUT_BATCH_SECONDS)
    beside = payouts.waiting().filter(gateway=gateway, currency=currency)
    if not beside.filter(next_at__lte=clock.now()).exists():
        return None
    most = gateway_named(gateway).capabilities.payouts_per_batch
    # Whoever was put off is due later than anybody who only waits for others.
    candidates = list(beside.filter(next_at__lte=clock.now() + wait)[:most])
    kept_back = _kept_back(candidates)
    with atomic("payments"):
        if queries.payouts_are_frozen():
            return None
        for command_id, (reason, pause) in kept_back.items():
            later = {"next_at": clock.now() + wait + pause, "last_error": reason}
            GatewayCommand.objects.filter(id=command_id, state="new").update(**later)
        ids = [command.id for command in candidates if command.id not in kept_back]
        # Locked, so that of two workers one has them all, and whoever sends an order alone sees that it is taken; that
        # none is in two batches is a unique index.
        commands = list(payouts.waiting().filter(id__in=ids).select_for_update())
        return _made_of(commands) if commands else None


def _made_of(commands: Sequence[GatewayCommand]) -> PayoutBatch:
    """Stored as sent: from now on only its key tells whether it was. Inside the transaction that locks the orders."""
    now = clock.now()
    batch = PayoutBatch.objects.create(
        gateway=commands[0].gateway,
        currency=commands[0].currency,
        count=len(commands),
        total_minor=sum(command.amount_minor for command in commands),
        attempts=1,
        sent_at=now,
        next_at=now + rules.SENDER_DEAD_AFTER,
        created_at=now,
    )
    PayoutBatchItem.objects.bulk_create(PayoutBatchItem(batch=batch, command=command) for command in commands)
    sent = {
        "state": rules.COMMAND.check("send", "new"),
        "attempts": 1,
        "first_sent_at": now,
        "sent_at": now,
        "last_error": "",
    }
    GatewayCommand.objects.filter(id__in=[command.id for command in commands]).update(**sent)
    return batch


def _kept_back(commands: Sequence[GatewayCommand]) -> dict[UUID, tuple[str, timedelta]]:
    """Those that must not go now, by the order's id, with the reason and for how long: one must not keep the others."""
    reasons = _restricted(commands)
    for command in commands:
        if command.id in reasons:
            continue
        try:
            queries.order_of(command)
        except DomainError as refusal:
            log.error("payout_unreadable", command_id=str(command.id), code=refusal.code)
            reasons[command.id] = f"unreadable: {refusal.code}", rules.RESTRICTED_FOR
    return reasons


def _restricted(commands: Sequence[GatewayCommand]) -> dict[UUID, tuple[str, timedelta]]:
    """Those whose payee may not be paid. Whoever asked for one was let to by a token, or was asked about, at that time:
    that is good for as long as tokens are, when identity can't be asked again."""
    owners = payouts.who_is_paid(commands)
    try:
        restricted = set(identity.restricted_among(ids=sorted(set(owners.values())), permission=rules.PAYOUT_RIGHT))
    except (RemoteFailure, Unavailable):
        vouched_for = clock.now() - timedelta(seconds=settings.ACCESS_TOKEN_SECONDS)
        long_ago = [command.id for command in commands if command.created_at < vouched_for]
        return dict.fromkeys(long_ago, ("nobody could say whether they are restricted", rules.UNTOLD_FOR))
    return {c.id: ("restricted", rules.RESTRICTED_FOR) for c in commands if owners[c.id] in restricted}


def _send(batch: PayoutBatch, *, again: bool) -> None:
    """The network call is outside every transaction. ``again``: it was sent before."""
    told, gateway = payouts.batch_told(batch, again=again), gateway_named(batch.gateway)
    faultpoint("batch.before_call")
    outcome = gateway.query_payouts(told) if told.ref else gateway.submit_payouts(told)
    faultpoint("batch.after_call")
    _settle(batch, outcome)
    faultpoint("batch.after_settle")


def _settle(batch: PayoutBatch, outcome: BatchOutcome) -> None:
    """Carry an answer into the books, order by order; twice is once. The batch is over when each order is known."""
    if isinstance(outcome, Accepted):
        said = outcome.outcomes
        ours = set(payouts.orders_in(batch).values_list("id", flat=True))
        heard = [key for key in said if key in ours and not isinstance(said[key], Unknown)]
        # What fails keeps the batch open: it is heard of again, with the others.
        each_alone(heard, lambda key: settle_command(command_id=key, outcome=said[key]))
    faultpoint("batch.before_mark")
    attempt = batch.attempts
    with atomic("payments"):
        batch = payouts.lock_batch(batch.id)
        if batch.state not in rules.BATCH_OPEN:
            return
        match outcome:
            case Accepted():
                _accepted(batch, outcome)
            case Rejected(code=code) if batch.state != "accepted" and batch.attempts == attempt:
                _refused(batch, code)
            case Rejected(code=code):  # of an attempt that was given up, or of what was taken: it proves nothing
                log.critical("batch_refusal_contradicts", batch_id=str(batch.id), code=code)
                _wait(batch, code)
            case Unknown(reason=reason):
                _wait(batch, reason)
        faultpoint("batch.before_commit")


def _accepted(batch: PayoutBatch, told: Accepted) -> None:
    unheard = payouts.orders_in(batch).exclude(state__in=rules.COMMAND.final).filter(gateway_ref="").exists()
    open_still = unheard and not told.apart
    batch.state = rules.PAYOUT_BATCH.check("accept" if open_still else "itemize", batch.state)
    batch.gateway_ref, batch.last_error = told.ref, ""
    batch.attempts += open_still
    batch.next_at = clock.now() + rules.wait_before(batch.attempts)
    batch.save(update_fields=["state", "gateway_ref", "last_error", "attempts", "next_at"])
    if told.apart:
        _lose_sight(batch, "not told of with its batch")


def _refused(batch: PayoutBatch, code: str) -> None:
    """None of it was done: each order is sent alone now, so that only those fail that are at fault."""
    log.warning("batch_refused", batch_id=str(batch.id), gateway=batch.gateway, code=code)
    batch.state, batch.last_error = rules.PAYOUT_BATCH.check("refuse", batch.state), code
    batch.save(update_fields=["state", "last_error"])
    _lose_sight(batch, code)


def _wait(batch: PayoutBatch, reason: str) -> None:
    batch.attempts += batch.state == "accepted"  # those that are open otherwise count when they are sent
    batch.state, batch.last_error = rules.PAYOUT_BATCH.check("lose_sight", batch.state), reason
    batch.next_at = clock.now() + rules.wait_before(batch.attempts)
    batch.save(update_fields=["state", "attempts", "last_error", "next_at"])
    _lose_sight(batch, reason)


def _give_up_following(batch: PayoutBatch) -> None:
    """As a whole it can't be sent again: each order is followed alone, not sent either, and in the end staff's."""
    log.critical("batch_needs_a_human", batch_id=str(batch.id), gateway=batch.gateway)
    batch.state = rules.PAYOUT_BATCH.check("itemize", batch.state)
    batch.last_error = "its key is forgotten there"
    batch.save(update_fields=["state", "last_error"])
    _lose_sight(batch, batch.last_error)


def _lose_sight(batch: PayoutBatch, reason: str) -> None:
    """Its orders are unknown, as one that was sent alone would be; locked one after the other, as everywhere."""
    undecided = list(payouts.orders_in(batch).filter(state="sent").select_for_update(of=("self",)))
    lost = {"state": rules.COMMAND.check("lose_sight", "sent"), "last_error": reason, "next_at": clock.now()}
    GatewayCommand.objects.filter(id__in=[command.id for command in undecided]).update(**lost)


def _is_in_hand(batch: PayoutBatch) -> bool:
    return batch.state == "sent" and clock.now() < batch.sent_at + rules.SENDER_DEAD_AFTER


def _key_is_remembered(batch: PayoutBatch) -> bool:
    return clock.now() < batch.created_at + gateway_named(batch.gateway).capabilities.remembers_keys


def _put_off(batch_id: UUID, reason: str) -> None:
    with atomic("payments"):
        batch = payouts.lock_batch(batch_id)
        again = clock.now() + rules.wait_before(batch.attempts + 1)
        PayoutBatch.objects.filter(id=batch_id, state__in=rules.BATCH_OPEN).update(
            attempts=F("attempts") + 1, next_at=again, last_error=reason
        )
