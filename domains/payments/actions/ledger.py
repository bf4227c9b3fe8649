"""The one way into the books."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connections

from domains.payments import rules
from kelmah import clock
from kelmah.db import atomic
from kelmah.money import Money


@dataclass(frozen=True)
class Line:
    """One leg: what is added to an account; negative amounts are taken from it."""

    account: str
    amount: Money


# Accounts come to life on first use; two first uses at once make one row.
_OPEN = """
INSERT INTO payments_ledgeraccount (key, currency, floor)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[]) ON CONFLICT (key) DO NOTHING
"""
_IDS = "SELECT key, id FROM payments_ledgeraccount WHERE key = ANY(%s)"
_POST = "SELECT payments_post(%s, %s, %s::bigint[], %s::bigint[], %s::jsonb, %s)"


def post(*, key: str, kind: str, lines: Sequence[Line], reference: Mapping[str, Any]) -> int:
    """Post a balanced transaction under a business key; posted again with the same lines, it is the same transaction.

    Inside the transaction of what it is about. Returns the transaction's id. Raises InsufficientFunds, LedgerKeyReused,
    LedgerRefused; the caller's transaction stays usable.
    """
    with atomic("payments"), connections["payments"].cursor() as cursor:
        names = [line.account for line in lines]
        ids = _ids(cursor, names)
        if len(ids) < len(set(names)):
            floors = [rules.floor_of(name) for name in names]
            cursor.execute(_OPEN, [names, [line.amount.currency for line in lines], floors])
            ids = _ids(cursor, names)
        accounts, amounts = [ids[name] for name in names], [line.amount.minor for line in lines]
        try:
            cursor.execute(_POST, [key, kind, accounts, amounts, json.dumps(dict(reference)), clock.now()])
        except DatabaseError as error:
            raise _typed(error) from error
        txn: int = cursor.fetchone()[0]
        return txn


def _ids(cursor: Any, names: Sequence[str]) -> dict[str, int]:
    cursor.execute(_IDS, [list(names)])
    return dict(cursor.fetchall())


def _typed(error: DatabaseError) -> Exception:
    cause: Any = error.__cause__
    state, constraint = getattr(cause, "sqlstate", ""), getattr(getattr(cause, "diag", None), "constraint_name", "")
    if constraint == "account_floor":
        return rules.InsufficientFunds()
    if state == "23505" and not constraint:
        return rules.LedgerKeyReused()
    if state in ("23514", "23503", "22003"):
        return rules.LedgerRefused()
    return error
