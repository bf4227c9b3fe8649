"""The one way into the books."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.backends.utils import CursorWrapper
from psycopg.types.numeric import Int8

from domains.payments import rules
from kelmah import clock
from kelmah.db import in_atomic, prepared_cursor
from kelmah.errors import DomainError
from kelmah.money import Money


@dataclass(frozen=True)
class Line:
    """One leg: what is added to an account; negative amounts are taken from it."""

    account: str
    amount: Money


# Accounts come to life on first use; two first uses at once make one row. Sorted: the second waits for the first, and
# two that open the same pair must not wait for each other.
_OPEN = """
INSERT INTO payments_ledgeraccount (key, currency, floor)
SELECT key, currency, floor FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS wanted (key, currency, floor)
ORDER BY key ON CONFLICT (key) DO NOTHING
"""


def post(
    *, key: str, kind: str, lines: Sequence[Line], reference: Mapping[str, Any], reverses: int | None = None
) -> int:
    """Post a balanced transaction under a business key; posted again with the same lines, it is the same transaction.

    One posting per database transaction: accounts are locked in one order within a posting, not across two. Returns
    the transaction's id. ``reverses`` names the transaction that this one takes back; each is taken back once at most.
    Raises InsufficientFunds, LedgerKeyReused, LedgerRefused; after them the caller's transaction stays usable.
    """
    if in_atomic() != "payments":
        raise RuntimeError("a posting belongs into the transaction of what it is about: open atomic('payments')")
    with prepared_cursor("payments") as cursor:
        names, amounts = [line.account for line in lines], [Int8(line.amount.minor) for line in lines]
        currencies = [line.amount.currency for line in lines]
        statement = _statement(len(lines))
        call = [key, kind, *names, *amounts, *currencies, json.dumps(dict(reference)), clock.now(), reverses]
        txn, refusal, detail = _answer(cursor, statement, call)
        if refusal == "account_missing":
            floors = [rules.floor_of(name) for name in names]
            cursor.execute(_OPEN, [names, currencies, floors])
            txn, refusal, detail = _answer(cursor, statement, call)
    if txn is None:
        raise _typed(refusal, detail)
    return int(txn)


def _answer(cursor: CursorWrapper, statement: str, call: Sequence[Any]) -> tuple[int | None, str, str]:
    try:
        cursor.execute(statement, call)
    except OverflowError:  # of the driver, which sends nothing then
        raise rules.LedgerRefused("an amount is more than an account can hold") from None
    txn, refusal, detail = cursor.fetchone()
    return txn, refusal, detail


@cache
def _statement(legs: int) -> str:
    """The call for so many legs, each of their values a parameter: lists cost the driver more than the rest of it."""
    each = f"ARRAY[{', '.join(['%s'] * legs)}]"
    values = f"{each}::text[], {each}::bigint[], {each}::text[]"
    return f"SELECT txn, refusal, detail FROM payments_try_post(%s, %s, {values}, %s, %s, %s)"  # noqa: S608 - placeholders


def _typed(refusal: str, detail: str) -> DomainError:
    if refusal == "account_floor":
        return rules.InsufficientFunds()
    if refusal == "ledger_key_reused":
        return rules.LedgerKeyReused(detail)
    return rules.LedgerRefused(detail)
