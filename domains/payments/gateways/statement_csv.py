"""Statements as CSV: one line each, under the names of columns that ``docs/reconciliation.md`` lists."""

import csv
import io
from datetime import UTC, datetime
from typing import Final

from domains.payments.gateways.statement_files import BankLine, StatementFile, add_up, key_in
from domains.payments.rules.decimals import money_of
from domains.payments.rules.errors import StatementUnreadable
from kelmah.money import Money

REQUIRED: Final = ("line_id", "date", "amount", "currency")
KINDS: Final = ("charge", "payout", "refund", "fee", "dispute", "adjustment")


def read_csv(content: bytes, *, account: str, name: str) -> list[StatementFile]:
    """The statement in a file, one for each currency. Raises StatementUnreadable, StatementDoesNotAddUp."""
    try:
        text = content.decode("utf-8-sig")
        if "\0" in text:  # which no database keeps
            raise ValueError("it has a null character")
        rows = list(csv.DictReader(io.StringIO(text), dialect=csv.Sniffer().sniff(text[:4096], ",;\t"), strict=True))
        told = [{(key or "").strip().lower(): (value or "").strip() for key, value in row.items()} for row in rows]
        if not told or (lacking := [column for column in REQUIRED if column not in told[0]]):
            raise ValueError("it has no lines" if not told else f"it lacks the columns {', '.join(lacking)}")
        lines = [_line(row) for row in told]
    except (UnicodeDecodeError, csv.Error, ValueError, AttributeError, TypeError) as error:
        raise StatementUnreadable(f"The file is not a statement in CSV that can be read: {error}") from None
    return [
        _statement(
            account,
            currency,
            name,
            [(line, row) for line, row in zip(lines, told, strict=True) if row["currency"] == currency],
        )
        for currency in sorted({row["currency"] for row in told})
    ]


# Private functions


def _line(row: dict[str, str]) -> BankLine:
    amount = money_of(row["amount"], row["currency"])
    key = key_in(row.get("order", ""), row.get("text", ""))
    usual = "payout" if key else ("charge" if amount.minor > 0 else "adjustment")
    kind = row.get("kind") or usual
    if kind not in KINDS or not row["line_id"]:
        raise ValueError(f"line {row['line_id'] or '?'}: the kind {kind!r} is not one of {', '.join(KINDS)}")
    return BankLine(
        line_id=row["line_id"],
        kind=kind,
        ref=row.get("ref") or (key.hex if key else ""),
        key=key,
        amount=amount,
        fee=money_of(row["fee"], row["currency"]) if row.get("fee") else None,
        occurred_at=_at(row["date"]),
        reason=row.get("reason", ""),
    )


def _at(text: str) -> datetime:
    told = datetime.fromisoformat(text)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _statement(account: str, currency: str, name: str, lines: list[tuple[BankLine, dict[str, str]]]) -> StatementFile:
    days = [line.occurred_at.date() for line, _ in lines]
    opening, closing = _balances(lines, currency)
    return add_up(
        StatementFile(
            account=account,
            currency=currency,
            name=name,
            source="csv",
            first_day=min(days),
            last_day=max(days),
            opening=opening,
            closing=closing,
            lines=[line for line, _ in lines],
        )
    )


def _balances(lines: list[tuple[BankLine, dict[str, str]]], currency: str) -> tuple[Money | None, Money | None]:
    """Before the first line and after the last, where the column ``balance`` says what each line left."""
    if not all(row.get("balance") for _, row in lines):
        return None, None
    (first, first_row), (_, last_row) = lines[0], lines[-1]
    return money_of(first_row["balance"], currency) - first.amount, money_of(last_row["balance"], currency)
