"""Statements against the books: every line finds its leg, every leg its line, or staff hear of it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import structlog

from domains.payments import rules
from domains.payments.actions import gateway_fees
from domains.payments.actions.addresses import follow_credit
from domains.payments.actions.differences import close_difference, open_difference, suspend
from domains.payments.actions.foreign_refunds import follow_foreign_refund
from domains.payments.actions.isolation import each_alone
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Unknown, gateway_named
from domains.payments.models import Difference, GatewayCommand, Refund, StatementEntry
from domains.payments.queries import reconciliation as queries
from domains.payments.rules import statements
from domains.payments.rules.statements import Leg, Meeting
from kelmah import clock
from kelmah.db import atomic

log = structlog.get_logger(__name__)

_LOOKED_BACK: Final = timedelta(days=60)  # legs older than that have been looked for often enough
_ORDERS: Final = ("charge", "payout", "refund")


def reconcile(*, gateway: str) -> int:
    """Judge every line that is open, then look for legs without one; returns how many lines were judged.

    Done twice, or by two at once, it is done once: a leg is one line's by a unique index.
    """
    ids = list(
        StatementEntry.objects.filter(gateway=gateway, verdict__in=statements.OPEN)
        .order_by("occurred_at", "id")
        .values_list("id", flat=True)
    )
    each_alone(ids, lambda entry_id: judge(entry_id=entry_id), failed=_leave_open)
    _look_for_missing(gateway)
    return len(ids)


def judge(*, entry_id: int) -> None:
    """Find the leg of a line; when there is none, ask the gateway what the line's order came to, and look again."""
    entry = StatementEntry.objects.get(id=entry_id)
    _book_fee(entry)
    if _settle(entry_id, last=False):
        return
    if (command := _order_of(entry)) and entry.kind in _ORDERS:
        outcome = gateway_named(entry.gateway).fetch(command.kind, entry.ref or command.gateway_ref)
        if not isinstance(outcome, Unknown):
            settle_command(command_id=command.id, outcome=outcome)
    elif entry.kind == "credit":
        follow_credit(gateway=entry.gateway, outcome=gateway_named(entry.gateway).fetch("credit", entry.ref))
    elif entry.kind == "refund":
        _follow_foreign_refund(entry)
    _settle(entry_id, last=True)


# Private functions


def _book_fee(entry: StatementEntry) -> None:
    """Before the line is judged: nobody looks again at one that is."""
    gateway_fees.book_fee_of_line(entry, ref=_object_of(entry, _order_of(entry)))


def _follow_foreign_refund(entry: StatementEntry) -> None:
    """One that somebody made at the gateway's own desk: some tell of it by no webhook, or by one that names nothing."""
    there = gateway_named(entry.gateway)
    if entry.ref and there.capabilities.refunds != "none":
        follow_foreign_refund(gateway=entry.gateway, outcome=there.fetch("refund", entry.ref))


def _settle(entry_id: int, *, last: bool) -> bool:
    """Give the line its verdict, in one transaction; False when it has no leg and this is not the last look."""
    with atomic("payments"):
        entry = queries.lock_entry(entry_id)  # the task and the schedule may both be here
        if entry.verdict not in statements.OPEN:
            return True
        command = _order_of(entry)
        meeting = _meet(entry, command)
        if meeting.verdict not in ("matched", "late"):
            if _cancelled_out(entry, command):
                return True
            if not last:
                return False
            if _explained_by_itself(entry, command, meeting):
                return True
        _write(entry, command, meeting)
    return True


def _order_of(entry: StatementEntry) -> GatewayCommand | None:
    orders = GatewayCommand.objects.filter(gateway=entry.gateway)
    if entry.key and (found := orders.filter(id=entry.key).first()):
        return found
    return orders.filter(kind=entry.kind, gateway_ref=entry.ref).first() if entry.ref else None


def _object_of(entry: StatementEntry, command: GatewayCommand | None) -> str:
    """The gateway's object that a line is about; of one that names only our order, what that order led to."""
    if entry.ref and not (entry.key and entry.ref == entry.key.hex):
        return entry.ref
    return command.gateway_ref if command else entry.ref


def _meet(entry: StatementEntry, command: GatewayCommand | None) -> Meeting:
    keys = [statements.key_of_line(entry.gateway, entry.line_id)]
    if command and entry.ref in ("", command.gateway_ref):
        of = command.gateway_ref
        keys += statements.booked_under(gateway=entry.gateway, kind=command.kind, subject_id=command.subject_id, ref=of)
    elif entry.ref:
        keys += statements.keys_of_object(entry.gateway, entry.ref)
        made_there = Refund.objects.filter(gateway=entry.gateway, made_there=entry.ref)
        keys += [f"refund:{refund_id}:returned" for refund_id in made_there.values_list("id", flat=True)]
    if entry.kind == "fee" and (of := _object_of(entry, command)):
        keys.append(statements.key_of_object_fee(entry.gateway, of))  # what the gateway had said that it kept
    legs = queries.legs_under(keys, mirror=rules.gateway(entry.gateway, entry.currency), for_entry=entry.id)
    met = statements.meet(
        amount=entry.amount,
        occurred_at=entry.occurred_at,
        legs=legs,
        patience=statements.patience_with(entry.gateway),
    )
    if met.verdict == "matched" and met.leg and _was_missed(met.leg):
        return Meeting(verdict="late", leg=met.leg)
    return met


def _was_missed(leg: Leg) -> bool:
    return Difference.objects.filter(kind="missing_there", transaction_id=leg.transaction_id).exists()


def _cancelled_out(entry: StatementEntry, command: GatewayCommand | None) -> bool:
    """Out and back before we heard of either: the books never moved, and the two lines explain each other."""
    if command is None:
        return False
    others = StatementEntry.objects.select_for_update().filter(gateway=entry.gateway, key=command.id)
    other = others.filter(
        amount_minor=-entry.amount_minor, currency=entry.currency, verdict__in=statements.OPEN
    ).first()
    if other is None or command.state not in rules.COMMAND.final:
        return False
    for each in (entry, other):
        _write(each, command, Meeting(verdict="cancelled"))
    return True


def _explained_by_itself(entry: StatementEntry, command: GatewayCommand | None, meeting: Meeting) -> bool:
    """A fee is booked as one; money that came unasked goes to suspense. Money that left unasked is neither."""
    unasked = _is_no_return(entry, command, meeting) if command else meeting.verdict == "missing_here"
    if not unasked:
        return False
    mirror = Line(rules.gateway(entry.gateway, entry.currency), -entry.amount)
    key = statements.key_of_line(entry.gateway, entry.line_id)
    if entry.kind == "fee":
        cost = Line(rules.gateway_fee(entry.currency), entry.amount)
        txn = post(key=key, kind="gateway_cost", lines=[mirror, cost], reference={"line": entry.line_id})
        verdict = "booked"
    elif entry.amount_minor > 0 and entry.kind not in ("refund", "dispute"):
        txn = suspend(entry.gateway, entry.amount, key=key, about=entry.line_id)
        verdict = "suspended"
    else:
        return False
    leg = Leg(transaction_id=txn, amount=entry.amount, at=clock.now(), taken=False)
    _write(entry, command, Meeting(verdict=verdict, leg=leg))
    return True


def _is_no_return(entry: StatementEntry, command: GatewayCommand, meeting: Meeting) -> bool:
    """Money that came under the name of a payout that is settled, and is not its return: whoever was paid can send any
    amount with its text, and must not be able to freeze everybody's payouts by it."""
    came = entry.kind == "payout" and entry.amount_minor > 0 and meeting.verdict in ("missing_here", "duplicate")
    return came and command.state in rules.COMMAND.final


def _write(entry: StatementEntry, command: GatewayCommand | None, meeting: Meeting) -> None:
    entry.verdict, entry.command = meeting.verdict, command
    entry.transaction_id = meeting.leg.transaction_id if meeting.leg else None
    entry.save(update_fields=["verdict", "command", "transaction_id"])
    about = f"line:{entry.id}"
    settled = Difference.objects.filter(gateway=entry.gateway, closed_at=None).exclude(kind="contradicts")
    for difference in settled.filter(subject=about).exclude(kind=meeting.verdict):
        close_difference(difference, "resolved")
    if meeting.leg:
        for difference in settled.filter(subject=f"transaction:{meeting.leg.transaction_id}"):
            close_difference(difference, "resolved")
    if meeting.verdict in statements.DIFFERENCES:
        open_difference(
            entry.gateway,
            meeting.verdict,
            about,
            entry=entry,
            transaction_id=entry.transaction_id,
            currency=entry.currency,
            booked_minor=meeting.leg.amount.minor if meeting.leg else None,
            stated_minor=entry.amount_minor,
        )


def _look_for_missing(gateway: str) -> None:
    for currency, (first, last) in queries.covered(gateway).items():
        # What was booked lately may still show in the next statement.
        until = _start_of(last) + timedelta(days=1) - statements.patience_with(gateway)
        since = max(_start_of(first), until - _LOOKED_BACK)
        for leg in queries.legs_without_line(mirror=rules.gateway(gateway, currency), since=since, until=until):
            with atomic("payments"):
                open_difference(
                    gateway,
                    "missing_there",
                    f"transaction:{leg.transaction_id}",
                    transaction_id=leg.transaction_id,
                    currency=currency,
                    booked_minor=leg.amount.minor,
                )


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _leave_open(entry_id: int, reason: str) -> None:
    log.warning("line_not_judged", entry_id=entry_id, reason=reason)
