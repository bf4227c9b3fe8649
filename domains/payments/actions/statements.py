"""Statements come in: from a file that staff bring, or from a gateway's API."""

import hashlib
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import structlog

from domains.payments.actions.isolation import each_alone
from domains.payments.gateways import GATEWAYS, gateway_named, missing_secrets, names_offered
from domains.payments.gateways.base import StatementLine
from domains.payments.gateways.camt import read_camt
from domains.payments.gateways.statement_csv import read_csv
from domains.payments.gateways.statement_files import LARGEST_FILE, BankLine, StatementFile
from domains.payments.models import Difference, Statement, StatementEntry
from domains.payments.rules.errors import OthersStatement, StatementUnreadable
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import enqueue

log = structlog.get_logger(__name__)

_ASKED_AGAIN_FOR: Final = 14  # days


def import_file(*, gateway: str, content: bytes, name: str, by: UUID) -> list[Statement]:
    """Keep the statements of a file, camt.053 or CSV; the same file again changes nothing.

    Raises StatementUnreadable, StatementDoesNotAddUp, OthersStatement, GatewayNotOffered.
    """
    if len(content) > LARGEST_FILE:
        raise StatementUnreadable(f"The file has more than {LARGEST_FILE} bytes.")
    account = gateway_named(gateway).capabilities.account
    is_xml = content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    told = read_camt(content) if is_xml else read_csv(content, account=account, name=name)
    if others := sorted({each.account for each in told} - {account}):
        raise OthersStatement(f"The file is about {', '.join(others)}, ours is {account}.")
    digest = hashlib.sha256(content).hexdigest()
    with atomic("payments"):
        kept = [_keep(gateway, each, digest=digest, by=by) for each in told]
        enqueue("payments.reconcile", gateway=gateway)
    return kept


def fetch_statement(*, gateway: str, day: date) -> list[Statement]:
    """Ask a gateway for what moved on a day. Raises GatewayNotOffered, NotOffered, Unavailable."""
    adapter = gateway_named(gateway)
    lines = adapter.statement(day)
    told = [
        _of_day(
            adapter.capabilities.account, currency, day, [line for line in lines if line.amount.currency == currency]
        )
        for currency in sorted({line.amount.currency for line in lines} | _known_currencies(gateway))
    ]
    digest = hashlib.sha256(repr((day, lines)).encode()).hexdigest()
    with atomic("payments"):
        kept = [_keep(gateway, each, digest=digest, by=None) for each in told]
        enqueue("payments.reconcile", gateway=gateway)
    return kept


def fetch_statements() -> int:
    """Yesterday's statements of every gateway that gives them, and those of days that it could not tell when they were
    asked for; returns how many were kept or were there. One that can't now keeps nobody else's away.
    """
    kept: list[Statement] = []

    def ask(wanted: tuple[str, date]) -> None:
        gateway, day = wanted
        kept.extend(fetch_statement(gateway=gateway, day=day))

    each_alone([(name, day) for name in _names_telling() for day in _days_to_ask(name)], ask, failed=_not_told)
    return len(kept)


# Private functions


def _names_telling() -> list[str]:
    """Those that are offered, and those that were: what was begun there still moves, while their secrets are set.

    Not the sandbox: killed, it forgets what it did, and what it forgot would be missing there.
    """
    told = Statement.objects.filter(source="api").values_list("gateway", flat=True).distinct()
    names = {*names_offered(), *(name for name in told if name in GATEWAYS and not missing_secrets(name))} - {"sandbox"}
    return sorted(name for name in names if gateway_named(name).capabilities.statements)


def _days_to_ask(gateway: str) -> list[date]:
    """Yesterday, and before it, back to the first statement there is, those days of which there is none: what was
    booked on them would be taken for missing there."""
    yesterday = (clock.now() - timedelta(days=1)).date()
    known = list(Statement.objects.filter(gateway=gateway).values_list("first_day", "last_day"))
    back = (yesterday - timedelta(days=each) for each in range(1, _ASKED_AGAIN_FOR))
    missed = [day for day in back if known and min(known)[0] < day and not any(a <= day <= b for a, b in known)]
    return [yesterday, *missed]


def _not_told(wanted: tuple[str, date], reason: str) -> None:
    gateway, day = wanted
    log.warning("statement_not_told", gateway=gateway, day=str(day), reason=reason)


def _known_currencies(gateway: str) -> set[str]:
    return set(Statement.objects.filter(gateway=gateway).values_list("currency", flat=True))


def _of_day(account: str, currency: str, day: date, lines: list[StatementLine]) -> StatementFile:
    return StatementFile(
        account=account,
        currency=currency,
        name=f"{day} {currency}",
        source="api",
        first_day=day,
        last_day=day,
        opening=None,
        closing=None,
        lines=[BankLine(**vars(line)) for line in lines],
    )


def _keep(gateway: str, told: StatementFile, *, digest: str, by: UUID | None) -> Statement:
    statement, made = Statement.objects.get_or_create(
        gateway=gateway,
        account=told.account,
        currency=told.currency,
        digest=digest,
        defaults={
            "name": told.name,
            "source": told.source,
            "first_day": told.first_day,
            "last_day": told.last_day,
            "opening_minor": told.opening.minor if told.opening else None,
            "closing_minor": told.closing.minor if told.closing else None,
            "lines": len(told.lines),
            "repeated": 0,
            "imported_by": by,
            "imported_at": clock.now(),
        },
    )
    if made:
        _keep_lines(statement, told.lines)
    return statement


def _keep_lines(statement: Statement, lines: list[BankLine]) -> None:
    wanted = [_entry(statement, line) for line in lines]
    # The unique index, not a look, decides between two imports of overlapping statements.
    StatementEntry.objects.bulk_create(wanted, ignore_conflicts=True, batch_size=1000)
    kept = {
        entry.line_id: entry
        for entry in StatementEntry.objects.filter(
            gateway=statement.gateway, line_id__in=[each.line_id for each in lines]
        )
    }
    fresh = sum(entry.statement_id == statement.id for entry in kept.values())
    statement.repeated = len(wanted) - fresh
    statement.save(update_fields=["repeated"])
    for entry in wanted:
        known = kept[entry.line_id]
        if (known.amount, known.key, known.fee_minor) != (entry.amount, entry.key, entry.fee_minor):
            _contradicts(known, entry)


def _contradicts(known: StatementEntry, told: StatementEntry) -> None:
    """One line is told twice, and differently: what was kept first stays."""
    log.critical("statement_contradicts_itself", gateway=known.gateway, line_id=known.line_id)
    Difference.objects.get_or_create(
        gateway=known.gateway,
        kind="contradicts",
        subject=f"line:{known.id}",
        defaults={
            "entry": known,
            "currency": known.currency,
            "booked_minor": known.amount_minor,
            "stated_minor": told.amount_minor,
            "red": True,
            "found_at": clock.now(),
        },
    )


def _entry(statement: Statement, line: BankLine) -> StatementEntry:
    return StatementEntry(
        statement=statement,
        gateway=statement.gateway,
        line_id=line.line_id,
        kind=line.kind,
        ref=line.ref,
        key=line.key,
        amount_minor=line.amount.minor,
        fee_minor=line.fee.minor if line.fee else 0,
        currency=line.amount.currency,
        reason=line.reason,
        occurred_at=line.occurred_at,
    )
