"""Orders to gateways: stored, sent, and followed until their outcome is known."""

from uuid import UUID

import structlog
from django.db.models import F

from domains.payments import queries, rules
from domains.payments.actions import payout_batches
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.actions.isolation import each_alone
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Rejected, Unknown, gateway_named
from domains.payments.models import GatewayCommand
from domains.payments.queries import payouts
from kelmah import clock
from kelmah.db import atomic
from kelmah.faultpoints import faultpoint

log = structlog.get_logger(__name__)


def submit_command(*, command_id: UUID) -> None:
    """Send an order that was never sent, or whose sender is gone; the network call is outside every transaction.

    Never again once the gateway may have forgotten its key: it could be done twice.
    """
    with atomic("payments"):
        command = queries.lock_command(command_id)  # two workers must not both think that they are the first
        if not _may_be_sent(command) or payouts.is_gathered(command):
            return
        if command.kind in ("payout", "refund") and queries.payouts_are_frozen():
            log.warning("payout_waits_for_the_books", command_id=str(command_id))
            return  # it stays due: the janitor comes back to it
        command.state = rules.COMMAND.check("send", command.state)
        command.attempts += 1
        if command.sent_at is None:
            command.first_sent_at = clock.now()
        command.sent_at = clock.now()
        command.next_at = clock.now() + rules.SENDER_DEAD_AFTER
        command.save(update_fields=["state", "attempts", "first_sent_at", "sent_at", "next_at"])
    faultpoint("command.before_call")
    outcome = gateway_named(command.gateway).submit(queries.order_of(command))
    faultpoint("command.after_call")
    settle_command(command_id=command_id, outcome=outcome)
    faultpoint("command.after_settle")


def follow_command(*, command_id: UUID) -> None:
    """Ask what became of an order; send it, again under the same key, if the gateway never saw it."""
    command = GatewayCommand.objects.get(id=command_id)
    if command.state in rules.COMMAND.final:
        return
    if batch_id := payouts.open_batch_of(command):
        payout_batches.follow_batch(batch_id=batch_id)
        return
    if command.state == "new":
        submit_command(command_id=command_id)
        return
    outcome = gateway_named(command.gateway).query(queries.order_of(command))
    if not (isinstance(outcome, Unknown) and outcome.absent):
        settle_command(command_id=command_id, outcome=outcome)
    elif _key_is_remembered(command):
        submit_command(command_id=command_id)
    else:
        log.critical("command_needs_a_human", command_id=str(command_id), gateway=command.gateway)
        settle_command(command_id=command_id, outcome=outcome)


def resolve_commands(*, limit: int = 20) -> int:
    """The janitor: whatever is due and undecided is sent or asked about; returns how many were looked at."""
    with atomic("payments"):
        # Taken, so that janitors who overlap share the work; one that dies leaves it to the next.
        due = payouts.sent_alone().exclude(state__in=rules.COMMAND.final).filter(next_at__lte=clock.now())
        taken = due.order_by("next_at").select_for_update(skip_locked=True).values_list("id", flat=True)
        ids = list(taken[:limit])
        GatewayCommand.objects.filter(id__in=ids).update(next_at=clock.now() + rules.TAKEN_FOR)
    each_alone(ids, lambda command_id: follow_command(command_id=command_id), failed=_put_off)
    return len(ids)


def give_up_command(*, command_id: UUID, ruling: Ruling) -> None:
    """Staff declares an order as never done: only one that the gateway denies, now that its key is forgotten; or that
    it can't be asked about, so that staff looked for it there.

    A payout's hold goes back to the wallet. Raises StillUncertain, ReasonMissing, InvalidTransition, NotFound.
    """
    command = queries.command_named(command_id)
    if payouts.open_batch_of(command):
        raise rules.StillUncertain()
    gateway = gateway_named(command.gateway)
    outcome = gateway.query(queries.order_of(command))
    nameless = not gateway.capabilities.queries and not command.gateway_ref
    if _key_is_remembered(command) or not (isinstance(outcome, Unknown) and (outcome.absent or nameless)):
        raise rules.StillUncertain()
    with atomic("payments"):
        command = queries.lock_command(command_id)
        rules.COMMAND.check("give_up", command.state)
        keep_ruling(ruling, kind="command.give_up", subject_id=command_id)
        settle_command(command_id=command_id, outcome=Rejected(code="never_arrived"))


# Private functions


def _may_be_sent(command: GatewayCommand) -> bool:
    if command.state == "new":
        return True
    silent_since = command.sent_at or command.created_at
    abandoned = command.state == "sent" and silent_since + rules.SENDER_DEAD_AFTER <= clock.now()
    return (command.state == "unknown" or abandoned) and _key_is_remembered(command)


def _key_is_remembered(command: GatewayCommand) -> bool:
    # Orders of before the first sending was kept are taken as older than they are there.
    since = command.first_sent_at or command.created_at
    return clock.now() < since + gateway_named(command.gateway).capabilities.remembers_keys


def _put_off(command_id: UUID, reason: str) -> None:
    again = clock.now() + rules.wait_before(queries.command_named(command_id).attempts + 1)
    undecided = GatewayCommand.objects.filter(id=command_id).exclude(state__in=rules.COMMAND.final)
    undecided.update(attempts=F("attempts") + 1, next_at=again, last_error=reason)
