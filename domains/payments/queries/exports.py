"""The whole books as text that other tools read: CSV for spreadsheets, Beancount for who trusts nobody.

Each export is one statement and so sees one moment. Rows stream: a large ledger needs little memory.
"""

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import StringIO
from itertools import groupby
from typing import Any, Final

from django.db import connections

from domains.payments.rules.chart import kind_of
from kelmah.money import Money

COLUMNS: Final = ("transaction", "at", "key", "kind", "reverses", "line", "account", "currency", "amount", "balance")
_JOURNAL: Final = """
COPY (
    SELECT t.id, t.event_at, t.idem, t.kind, coalesce(r.idem, ''), e.seq, a.key, e.currency, e.amount, e.balance_after
    FROM payments_ledgertransaction t JOIN payments_ledgerentry e ON e.txn_id = t.id
    JOIN payments_ledgeraccount a ON a.id = e.account_id LEFT JOIN payments_ledgertransaction r ON r.id = t.reverses
    WHERE t.event_at >= %s AND t.event_at < %s ORDER BY t.id, e.seq
) TO STDOUT
"""
# Accounts first, with the balances that they state, then every entry: of one statement, so of one moment.
_BOOKS: Final = """
COPY (
    SELECT 0 AS part, a.id AS txn, 0 AS seq, a.id, a.key, a.currency, a.balance AS amount, NULL AS at, '', ''
    FROM payments_ledgeraccount a
    UNION ALL
    SELECT 1, t.id, e.seq, a.id, a.key, e.currency, e.amount, t.event_at, t.idem, t.kind
    FROM payments_ledgertransaction t JOIN payments_ledgerentry e ON e.txn_id = t.id
    JOIN payments_ledgeraccount a ON a.id = e.account_id
    ORDER BY part, txn, seq
) TO STDOUT
"""
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9-]")
_EVER: Final = date(1970, 1, 1)


def journal_csv(*, since: datetime, until: datetime) -> Iterator[str]:
    """Every entry from ``since`` until before ``until``, oldest first; whole units, signed as in the books."""
    yield _line(COLUMNS)
    for *before, currency, amount, balance in _rows(_JOURNAL, [since, until]):
        yield _line([*before, currency, _units(amount, currency), _units(balance, currency)])


def beancount() -> Iterator[str]:
    """The whole books for Beancount 3: every account, every transaction, and at the end what each account should hold.

    ``bean-check`` then adds everything up by itself. Signs are Beancount's: what we have is positive.
    """
    yield 'option "title" "Kelmah"\n\n'
    stated: list[tuple[str, str]] = []
    last = _EVER
    for (part, _), rows in groupby(_rows(_BOOKS, []), key=lambda row: (row[0], row[1])):
        if part == "0":
            [(*_, number, key, currency, minor, _at, _idem, _kind)] = rows
            name = _name(number, key)
            yield f'{_EVER} open {name} {currency}\n  key: "{_quoted(key)}"\n'
            stated.append((name, _amount(minor, currency)))
            continue
        legs = list(rows)
        txn, at, key, kind = legs[0][1], legs[0][7], legs[0][8], legs[0][9]
        last = max(last, date.fromisoformat(at[:10]))
        yield f'\n{at[:10]} * "{_quoted(kind)}" "{_quoted(key)}"\n  transaction: "{txn}"\n  at: "{at}"\n'
        for _, _, _, number, account, currency, minor, *_ in legs:
            yield f"  {_name(number, account)} {_amount(minor, currency)}\n"
    yield "\n"
    # A balance holds at the start of its day; without "~ 0" one smallest unit too much or too little would pass.
    for name, amount in stated:
        number, currency = amount.split()
        yield f"{last + timedelta(days=1)} balance {name} {number} ~ 0 {currency}\n"


# Private functions


def _rows(statement: str, parameters: list[Any]) -> Iterator[tuple[Any, ...]]:
    # Times are in UTC: Django's connections are.
    with connections["payments"].cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # all of the books takes as long as it is read
        try:
            with cursor.copy(statement, parameters or None) as copy:
                yield from copy.rows()
        finally:
            cursor.execute("RESET statement_timeout")


def _line(cells: Any) -> str:
    text = StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _units(minor: str, currency: str) -> str:
    return str(Money(int(minor), currency)).split()[0]


def _amount(minor: str, currency: str) -> str:
    return str(-Money(int(minor), currency))


def _name(number: str, key: str) -> str:
    """A name that Beancount takes, its own for every account: the row's number comes first."""
    kind = _NOT_IN_A_NAME.sub("", kind_of(key).title.title())
    return f"{kind_of(key).side.capitalize()}:{kind}:{number}-{_NOT_IN_A_NAME.sub('-', key)}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
